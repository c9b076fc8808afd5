package source

import (
	"context"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// The DSL modem is the section `config dsl`, one line with one channel. What carries frames over it is either the netdev
// of the PTM driver, or one netdev for each `config atm-bridge`, which br2684ctl makes. PPPoA needs no netdev: an
// interface of proto pppoa has its circuit in its own section.
var dslTable = []named{
	{"dsl", &Func{Rows: dslRows}},
	{"atm", &Func{Rows: atmRows, Add: atmAdd, Delete: deleteSection, Get: atmGet, Set: atmSet}},
}

const (
	tableLine    = "Device.DSL.Line."
	tableChannel = "Device.DSL.Channel."
	tablePTM     = "Device.PTM.Link."
	tableATM     = "Device.ATM.Link."
)

// A circuit that is switched off is a section of a type that br2684ctl does not read.
var atmParking = parking{pkg: "network", live: "atm-bridge", parked: "cwmp_atm", ident: []string{"unit", "vpi", "vci"}}

// findDSL finds the netdevs over the DSL line.
func (n *netView) findDSL() {
	n.dsl = map[string]string{}
	if n.pkg == nil {
		return
	}
	for _, s := range n.pkg.OfType("dsl") {
		if n.line == nil {
			n.line = s
		}
		if mode := s.Get("xfer_mode"); mode == "ptm" || mode != "atm" && len(n.r.Glob("/sys/class/atm/*")) == 0 {
			n.ptm = n.livingOf("dsl0", "ptm0")
			n.dsl[n.ptm] = ref(tablePTM, n.ptm)
		}
	}
	for _, row := range atmParking.rows(n.r, func(*uci.Section) bool { return true }) {
		if dev := n.circuit(n.r.own(&row)); dev != n.ptm {
			n.dsl[dev] = ref(tableATM, row.Key)
		}
	}
}

// livingOf is the first of names that there is now, or else the first.
func (n *netView) livingOf(names ...string) string {
	for _, name := range names {
		if n.live.devices[name].Exists() {
			return name
		}
	}
	return names[0]
}

// circuit is the netdev of an atm-bridge: nas0, or as the boards' scripts rename it.
func (n *netView) circuit(s *uci.Section) string {
	unit := text(s, "unit")
	if unit == "" {
		unit = "0"
	}
	prefix := text(s, "nameprefix")
	if prefix == "" {
		prefix = "dsl"
	}
	if dev := n.livingOf("nas"+unit, prefix+unit); dev != n.ptm {
		return dev
	}
	return "nas" + unit
}

// belowDSL is what an xDSL link stands on, "" where it is over no line that we know.
func (n *netView) belowDSL(table string) string {
	if n.line == nil {
		return ""
	}
	return ref(table, n.line.Name)
}

// dslRows is `rows call dsl [ptm]`: the line and its channel, or the PTM link over it.
func dslRows(ctx context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	n := r.network(ctx)
	if n.line == nil || n.ptm == "" && len(args) > 0 {
		return nil, nil
	}
	row := model.Row{Key: n.line.Name, Package: "network", Section: n.line.Name, Data: netdev(n.ptm)}
	if len(args) > 0 {
		row.Key = n.ptm
	}
	return []model.Row{row}, nil
}

// atmRows is `rows call atm`: the circuits of br2684ctl, and those of PPPoA, which are part of their interface.
func atmRows(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	n := r.network(ctx)
	rows := atmParking.rows(r, func(*uci.Section) bool { return true })
	for i := range rows {
		rows[i].Data = circuit{}
	}
	for _, i := range n.ifaces {
		if i.s != nil && i.proto == "pppoa" {
			row := i.row()
			row.ReadOnly = true
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// A circuit is the Data of a row of ATM.Link with a netdev of its own, whose name follows from its section.
type circuit struct{}

func atmAdd(_ context.Context, r *Reader, _ *model.Row, number uint32, _ []string) (model.Row, error) {
	name := r.freeName("network", "cwmp_atm"+strconv.FormatUint(uint64(number), 10))
	unit := 0
	for _, row := range atmParking.rows(r, func(*uci.Section) bool { return true }) {
		if n, err := strconv.Atoi(text(r.own(&row), "unit")); err == nil && n >= unit || unit == 0 {
			unit = n + 1
		}
	}
	err := r.addSection("network", atmParking.parked, name, "unit", strconv.Itoa(unit), "vpi", "8", "vci", "35", "encaps", "llc", "payload", "bridged")
	return model.Row{Key: name, Package: "network", Section: name, Data: circuit{}}, err
}

// atmGet is `call atm enable|line|address|type|name`.
func atmGet(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	if s == nil {
		return "", nil
	}
	pppoa := s.Type == "interface"
	switch args[0] {
	case "enable":
		return digit(s.Type == atmParking.live || pppoa && !yes(s.Get("disabled"), false)), nil
	case "line":
		if n := r.network(ctx); n.line != nil {
			return n.line.Name, nil
		}
		return "", nil
	case "address":
		vpi, vci := s.Get("vpi"), s.Get("vci")
		if vpi == "" {
			vpi = "8"
		}
		if vci == "" {
			vci = "35"
		}
		return vpi + "/" + vci, nil
	case "type":
		switch payload := s.Get("payload"); {
		case pppoa:
			return "PPPoA", nil
		case payload == "routed" || payload == "0":
			return "IPoA", nil
		}
		return "EoA", nil
	}
	if pppoa {
		return row.Key, nil
	}
	return r.network(ctx).circuit(s), nil
}

func atmSet(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if have, _ := atmGet(ctx, r, row, args); have == value {
		return nil
	}
	switch args[0] {
	case "enable":
		f := atmParking.enable()
		return f.Set(ctx, r, row, args, value)
	case "type":
		payload := map[string]string{"EoA": "bridged", "IPoA": "routed"}[value]
		if payload == "" {
			return badValue("a circuit with a network device carries EoA or IPoA; PPPoA is an interface of that proto")
		}
		return r.uciSet("network", row.Section, "payload", payload)
	}
	vpi, vci, _ := strings.Cut(value, "/")
	p, err := strconv.ParseUint(vpi, 10, 8)
	c, err2 := strconv.ParseUint(vci, 10, 16)
	if err != nil || err2 != nil || c < 32 {
		return badValue("want VPI/VCI, such as 8/35")
	}
	if err := r.uciSet("network", row.Section, "vpi", strconv.FormatUint(p, 10)); err != nil {
		return err
	}
	return r.uciSet("network", row.Section, "vci", strconv.FormatUint(c, 10))
}
