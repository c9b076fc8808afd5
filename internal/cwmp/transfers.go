package cwmp

import (
	"context"
	"math"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// maxListed is what a list of transfers may hold by the schema.
const maxListed = 16

// olderUpload is the file type of an Upload in a list of CWMP 1.1, whose schema knows no numbers of instances.
func olderUpload(fileType string) string {
	if strings.Contains(fileType, "Log") {
		return "4 Vendor Log File"
	}
	return "3 Vendor Configuration File"
}

// queued lists the transfers whose TransferComplete the ACS has not answered (3.10). What waits for that is state 3.
func (s *session) queued() []soap.QueuedTransfer {
	if s.cpe.cfg.Transfers == nil {
		return nil
	}
	var list []soap.QueuedTransfer
	for _, e := range s.cpe.cfg.Transfers.Entries() {
		t := soap.QueuedTransfer{
			CommandKey: e.CommandKey, State: 2, Download: e.Kind == transfer.Download, FileType: e.FileType,
			FileSize: uint32(min(e.FileSize, math.MaxUint32)), TargetFileName: e.TargetFileName,
		}
		switch e.State {
		case transfer.Waiting:
			t.State = 1
		case transfer.Finished:
			t.State = 3
		}
		if s.version < 2 && e.Kind == transfer.Upload {
			t.FileType = olderUpload(e.FileType)
		}
		list = append(list, t)
	}
	return list[:min(len(list), maxListed)]
}

func (s *session) getQueuedTransfers(_ context.Context, _ *soap.Args) error {
	s.enc.QueuedTransfersResponse(s.queued())
	return nil
}

func (s *session) getAllQueuedTransfers(_ context.Context, _ *soap.Args) error {
	s.enc.AllQueuedTransfersResponse(s.queued())
	return nil
}

// cancelTransfer takes all transfers with a key out of the queue; that there is none is no fault. What is being written to
// the flash goes on, and the answer is 9021.
func (s *session) cancelTransfer(_ context.Context, args *soap.Args) error {
	key := args.String("CommandKey", maxKey)
	if err := args.Err(); err != nil {
		return err
	}
	if q := s.cpe.cfg.Transfers; q != nil {
		if err := q.Cancel(key); err != nil {
			return err
		}
	}
	s.enc.Empty("CancelTransferResponse")
	return nil
}
