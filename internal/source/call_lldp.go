package source

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// lldpTable is what Device.LLDP. needs beside the description of each neighbour, which is the Data of its rows.
var lldpTable = []named{
	{"lldp.rows", &Func{Rows: lldpRows}},
}

// lldpRows is `call lldp.rows chassis` and, below such a row, `call lldp.rows port`. Of lldpcli's forms only json0 is the same
// for one neighbour and for many: what may come more than once is an array.
func lldpRows(ctx context.Context, r *Reader, parent *model.Row, args []string) ([]model.Row, error) {
	all := r.Memo("lldp", func() any {
		out, _ := r.execRead(ctx, []string{"/usr/sbin/lldpcli", "-f", "json0", "show", "neighbors"}) // an error is logged
		return parseLLDP(out)
	}).(ubus.Value)
	return lldpNeighbours(all, args[0], keyOf(parent)), nil
}

// parseLLDP is the array of neighbours in an answer of lldpcli, absent where it is none.
func parseLLDP(out []byte) ubus.Value {
	all, _ := ubus.FromJSON(out)
	return all.Get("lldp").Index(0).Get("interface")
}

// lldpNeighbours are the neighbours that have such an identifier, all or those of one chassis.
func lldpNeighbours(all ubus.Value, what, chassis string) (rows []model.Row) {
	for _, n := range all.All() {
		of, key := lldpID(n, "chassis"), lldpID(n, what)
		if n.Get("via").Text() == "LLDP" && of != "" && key != "" && (chassis == "" || chassis == of) {
			rows = append(rows, model.Row{Key: key, Data: n})
		}
	}
	return rows
}

// lldpID is the subtype and identifier of a neighbour's chassis or port, "" where lldpd does not show it.
func lldpID(n ubus.Value, what string) string {
	id := n.Get(what).Index(0).Get("id").Index(0)
	kind, value := id.Get("type").Text(), id.Get("value").Text()
	if kind == "unhandled" || value == "" {
		return ""
	}
	return clean(kind + " " + value)
}
