package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// firmwareState is the state file that names the firmware which ran at the last start.
const firmwareState = "firmware"

// noticeFirmware reports firmware that came onto the box without the ACS, by LuCI or at the shell: a transfer of which
// AutonomousTransferCompletePolicy says whether the ACS is told. Where from and when nobody knows. Of what the queue wrote
// to the flash it tells itself.
func (d *Daemon) noticeFirmware(ctx context.Context) {
	b := d.Box.Board()
	runs := strings.TrimSpace(b.Release + " " + b.Revision)
	var was string
	if err := d.Store.Load(firmwareState, &was); runs == "" || err == nil && was == runs {
		return
	}
	ours := slices.ContainsFunc(d.queue.Entries(), func(e transfer.Entry) bool {
		return e.FileType == transfer.TypeFirmware && e.State >= transfer.Applying
	})
	if was != "" && !ours {
		d.log.Info("another firmware runs, and not by order of the ACS", "was", was, "is", runs)
		if _, err := d.cpe.TransferDone(ctx, soap.AutonomousTransfer{IsDownload: true, FileType: transfer.TypeFirmware}); err != nil {
			d.log.Warn("report the firmware", "err", err)
			return // at the next start
		}
	}
	if err := d.Store.Save(firmwareState, runs); err != nil {
		d.log.Warn("remember the firmware", "err", err)
	}
}
