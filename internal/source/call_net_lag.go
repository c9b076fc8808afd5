package source

import (
	"context"
	"slices"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// netLAGRows is `rows call net.lags`: the `config device` of type bonding.
func netLAGRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, s := range r.network(ctx).lags {
		name := s.Get("name")
		rows = append(rows, model.Row{Key: name, Package: "network", Section: s.Name, Data: netdev(name)})
	}
	return rows, nil
}

// netLAGAdd is `add call net.lags`: a bond without ports, which is off. The kernel must know bonds.
func netLAGAdd(ctx context.Context, r *Reader, _ *model.Row, number uint32, _ []string) (model.Row, error) {
	if len(r.Glob("/sys/class/net/bonding_masters")) == 0 {
		return model.Row{}, refused("the kernel has no bonding driver")
	}
	name, section, err := r.newDevice(ctx, "bond"+strconv.Itoa(int(number)), "bonding", "policy", "802.3ad")
	return model.Row{Key: name, Package: "network", Section: section, Data: netdev(name)}, err
}

// netLAGDelete refuses while somebody stands on the bond.
func netLAGDelete(ctx context.Context, r *Reader, row *model.Row) error {
	n := r.network(ctx)
	if user := n.userOf(row.Key); user != "" {
		return refused("%s uses %s", user, row.Key)
	}
	return r.uciEdit(uci.Edit{Op: uci.OpDelete, Package: "network", Section: row.Section})
}

// netLAGLower is `call net.lag.lower`: the ports of a bond.
var netLAGLower = Func{
	Get: func(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
		return joinRefs(r.network(ctx).belowLAG(row.Key)...), nil
	},
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		n := r.network(ctx)
		items, _ := splitList(value)
		var ports []string
		for _, item := range items {
			dev, ok := n.netdev(r, item)
			if table, _, _ := cutRef(item); item != "" && (!ok || table != tableEthernet) {
				return badValue("want Ethernet.Interface rows")
			}
			if in := n.port[dev]; in != "" {
				return badValue("%s is a port of %s", dev, in)
			}
			if user := n.userOf(dev); user != "" && user != "bond "+row.Key {
				return badValue("%s uses %s", user, dev)
			}
			if dev != "" && !slices.Contains(ports, dev) {
				ports = append(ports, dev)
			}
		}
		return r.setWords("network", n.lag[row.Key].Name, "ports", ports)
	},
}

// belowLAG refers to the ports of a bond.
func (n *netView) belowLAG(name string) []string {
	var refs []string
	if s := n.lag[name]; s != nil {
		for _, dev := range words(s, "ports") {
			if n.live.isEth[dev] {
				refs = append(refs, ref(tableEthernet, dev))
			}
		}
	}
	return refs
}
