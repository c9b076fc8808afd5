package cwmp

import (
	"context"
	"errors"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// download puts a file transfer into the queue (3.7). The answer is always Status 1: the transfer runs after the session,
// and TransferComplete tells how it went. The entry is on flash before the answer is (E-4).
func (s *session) download(_ context.Context, args *soap.Args) error {
	r := downloadArgs(args)
	r.Delay = time.Duration(args.Uint("DelaySeconds")) * time.Second
	args.OptionalString("SuccessURL", 256) // hints for a browser: read, and not used
	args.OptionalString("FailureURL", 256)
	if err := s.queue(args, r); err != nil {
		return err
	}
	s.enc.TransferResponse("DownloadResponse")
	return nil
}

// fileArgs reads what every call about a file has.
func fileArgs(args *soap.Args, kind transfer.Kind) transfer.Request {
	return transfer.Request{
		Kind:       kind,
		CommandKey: args.String("CommandKey", maxKey),
		FileType:   args.String("FileType", 64),
		URL:        args.String("URL", 256),
		Username:   args.String("Username", 256),
		Password:   args.String("Password", 256),
	}
}

// downloadArgs reads what Download and ScheduleDownload have in common.
func downloadArgs(args *soap.Args) transfer.Request {
	r := fileArgs(args, transfer.Download)
	r.FileSize = uint64(args.Uint("FileSize"))
	r.TargetFileName = args.String("TargetFileName", 256)
	return r
}

// queue takes on a transfer whose arguments were read.
func (s *session) queue(args *soap.Args, r transfer.Request) error {
	if err := args.Err(); err != nil {
		return err
	}
	if s.cpe.cfg.Transfers == nil {
		return errors.New("no transfer queue")
	}
	return s.cpe.cfg.Transfers.Add(r)
}
