package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// qosTable are the values of Device.QoS.Shaper., a `config queue` of sqm-scripts each.
var qosTable = []named{
	{"qos.shaper", &Func{Get: getShaper, Set: setShaper, Hook: hookShaper}},
	{"qos.class", &Func{Hook: hookClass}},
}

// getShaper answers `call qos.shaper FIELD`. The interface is a netdev; it is told as the IP.Interface that is on it, else as
// what lies below. sqm-scripts keeps a file for each that it shapes.
func getShaper(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if args[0] == "max" {
		if r.UCI("sqm") == nil {
			return "0", nil
		}
		return "32", nil
	}
	s := r.own(row)
	dev := text(s, "interface")
	if args[0] == "interface" {
		return shaperRef(r.network(ctx), dev), nil
	}
	if args[0] == "rate" {
		if text(s, "upload") == "" || text(s, "upload") == "0" {
			return "-1", nil
		}
		return text(s, "upload") + "000", nil
	}
	switch {
	case !yes(text(s, "enabled"), false):
		return "Disabled", nil
	case dev == "" || safePart(dev) == "":
		return "Error_Misconfigured", nil
	case len(r.Glob("/var/run/sqm/"+dev+".state")) > 0:
		return "Enabled", nil
	}
	return "Error", nil
}

func shaperRef(n *netView, dev string) string {
	i := slices.IndexFunc(n.ifaces, func(i *netIface) bool { return dev != "" && i.l3 == dev })
	if i < 0 {
		return firstOf(n.below(dev), n.belowPort(dev))
	}
	return ref(tableIP, n.ifaces[i].name)
}

// setShaper takes what reads back as it was written, so that nobody sets it again and again.
func setShaper(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if args[0] == "rate" {
		if value == "-1" {
			return r.uciSet("sqm", row.Section, "upload", "0")
		}
		kbit, whole := strings.CutSuffix(value, "000")
		if !whole {
			return model.Errorf(model.BadValue, "want whole kbit/s")
		}
		return r.uciSet("sqm", row.Section, "upload", kbit)
	}
	reference, err := oneRef(value)
	if err != nil || reference == "" {
		return r.uciSet("sqm", row.Section, "interface", "")
	}
	n := r.network(ctx)
	dev, _ := n.netdev(r, reference)
	if table, key, _ := cutRef(reference); table == tableIP && n.iface[key] != nil {
		dev = n.iface[key].l3
	}
	if dev == "" || shaperRef(n, dev) != reference {
		return model.Errorf(model.BadValue, "want the IP.Interface that is on a device, or else what is below it")
	}
	return r.uciSet("sqm", row.Section, "interface", dev)
}

// hookShaper refuses an enabled shaper of nothing.
func hookShaper(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	if s := r.own(row); yes(text(s, "enabled"), false) && text(s, "interface") == "" {
		return at("Interface", model.BadValue, "an enabled shaper needs one")
	}
	return nil
}

// hookClass refuses an enabled rule that marks nothing, and what every rule of the firewall is refused for.
func hookClass(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	if s := fwOf(r, row); yes(text(s, "enabled"), true) && text(s, "set_dscp") == "" {
		return at("DSCPMark", model.BadValue, "an enabled classification needs one")
	}
	return hookFW(ctx, r, row, changed)
}
