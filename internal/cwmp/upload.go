package cwmp

import (
	"context"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// upload puts the sending of a file into the queue (3.8); all else is as with download.
func (s *session) upload(_ context.Context, args *soap.Args) error {
	r := transfer.Request{
		Kind:       transfer.Upload,
		CommandKey: args.String("CommandKey", maxKey),
		FileType:   args.String("FileType", 64),
		URL:        args.String("URL", 256),
		Username:   args.String("Username", 256),
		Password:   args.String("Password", 256),
		Delay:      time.Duration(args.Uint("DelaySeconds")) * time.Second,
	}
	if err := s.queue(args, r); err != nil {
		return err
	}
	s.enc.TransferResponse("UploadResponse")
	return nil
}
