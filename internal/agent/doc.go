// Package agent builds every part of the daemon and runs them until it is told to stop.
//
// It alone sees everybody, and it decides nothing about any protocol. News that travels upwards (a value changed, a
// transfer ended, the ACS knocked, a package was written) goes through funcs that only Daemon.build in agent.go connects;
// read it for the true diagram of the program. What bounds everything that comes from outside is listed in limits.go.
package agent
