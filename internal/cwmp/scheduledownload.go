package cwmp

import (
	"context"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// scheduleDownload puts a download into the queue that is to be made within time windows (3.9). What a window may be is
// the queue's matter; the message for a user is read by nobody, since mode 4 is not supported.
func (s *session) scheduleDownload(_ context.Context, args *soap.Args) error {
	r := downloadArgs(args)
	members := args.Structs("TimeWindowList", "TimeWindowStruct")
	for i := range members {
		m := &members[i]
		r.Windows = append(r.Windows, transfer.Window{
			Start:      time.Duration(m.Uint("WindowStart")) * time.Second,
			End:        time.Duration(m.Uint("WindowEnd")) * time.Second,
			Mode:       transfer.Mode(m.String("WindowMode", 64)),
			MaxRetries: m.Int("MaxRetries", -1, 1<<31-1),
		})
		m.String("UserMessage", 256)
		m.Done()
	}
	if args.Err() == nil && len(members) == 0 {
		return faultf(invalidArguments, "no time window")
	}
	if err := s.queue(args, r); err != nil {
		return err
	}
	s.enc.Empty("ScheduleDownloadResponse")
	return nil
}
