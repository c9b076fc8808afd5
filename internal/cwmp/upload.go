package cwmp

import (
	"context"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// upload puts the sending of a file into the queue (3.8); all else is as with download.
func (s *session) upload(_ context.Context, args *soap.Args) error {
	r := fileArgs(args, transfer.Upload)
	r.Delay = time.Duration(args.Uint("DelaySeconds")) * time.Second
	if err := s.queue(args, r); err != nil {
		return err
	}
	s.enc.TransferResponse("UploadResponse")
	return nil
}
