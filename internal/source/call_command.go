package source

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// ubusCommand is one method call on the bus.
type ubusCommand struct {
	object, method string
	args           ubus.Value
}

// command is a command parameter: it reads false, and true makes the commit call methods on the bus, in order.
func command(calls func(r *Reader, row *model.Row) []ubusCommand) Func {
	return Func{
		Get: func(context.Context, *Reader, *model.Row, []string) (string, error) { return "0", nil },
		Set: func(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
			if !yes(value, false) {
				return nil
			}
			bus := r.rt.cfg.Ubus
			if bus == nil {
				return model.Errorf(model.Refused, "there is no bus to ask")
			}
			list := calls(r, row)
			r.Act(func(ctx context.Context) error {
				for _, c := range list {
					ctx, cancel := context.WithTimeout(ctx, ubusPatience)
					_, err := bus.Call(ctx, c.object, c.method, c.args)
					cancel()
					if err != nil {
						return model.Errorf(model.Refused, "ubus call %s %s: %v", c.object, c.method, err)
					}
				}
				return nil
			})
			return nil
		},
	}
}
