// Package transfer brings files to the router and applies them: firmware, and configuration. It also sends files away.
//
// A [Queue] holds what the ACS asked for. Add returns when the entry is on flash, so that the answer to the ACS is a
// promise that a power cut does not break. Run does one transfer after the other:
//
//	Waiting   until Delay is over, and the session that asked for it too
//	Fetching  the file server is read into ROOT/tmp/cwmpd-spool; an upload is made there and sent
//	Fetched   the file is there; sysupgrade tests a firmware image
//	Applying  the flash is written, and no session runs meanwhile (Busy)
//	Finished  well or not; Done tells it until Forget, over any number of reboots
//
// A scheduled download waits for its window instead (window.go). Its attempts end with the window, and Fetching that failed
// is Waiting again until the last attempt of the last window.
//
// What a reboot finds in which state:
//
//   - Waiting goes on waiting. The time that passed counts where it can be known: by the uptime if the agent alone was
//     restarted, by the clock if it was set before and is set now, else by a note that is taken every hour. So a
//     transfer is never early, and late by no more than the box was off or did not know the time.
//   - Fetching starts again, at most three times, then it ended with Incomplete.
//   - Applying of firmware, in another boot, is judged: if the image says which version it holds and another one runs,
//     the upgrade has failed, else it went well. In the same boot sysupgrade has given up.
//   - Applying of a configuration is atomic; if it is not known to be done it starts again.
//
// Files of ACSs are hostile until proven otherwise: they lie in a directory of root's alone, under names that nobody
// outside chooses, limited by what the memory can take, and go when they were used. Passwords and the query of a URL
// appear in no log and no message.
package transfer
