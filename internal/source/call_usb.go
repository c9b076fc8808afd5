package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

var usbTable = []named{{"usb.place", &Func{Get: usbPlace}}}

// usbPlace is `call usb.place port|parent|root`: where a device is, as its name says. 1-1.4 is at port 4 of the hub 1-1,
// which is at port 1 of the root hub of bus 1; what is at a root hub has no parent.
func usbPlace(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	dot := strings.LastIndexByte(row.Key, '.')
	switch args[0] {
	case "port":
		if dot < 0 {
			return "0", nil
		}
		return row.Key[dot+1:], nil
	case "parent":
		return row.Key[:max(dot, 0)], nil
	}
	bus, port, _ := strings.Cut(row.Key, "-")
	if dot >= 0 {
		return "", nil
	}
	return "usb" + bus + "-port" + port, nil
}
