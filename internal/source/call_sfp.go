package source

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// The values of Device.SFPs. Where the device tree describes cages those are the rows; elsewhere every port that says what
// is plugged into it has one.

// A cage is the Data of a row of SFPCage and of SFF8472.
type cage struct {
	name, dev string
	module    kernel.Module // without A0 where nothing is plugged in
}

// cages finds out which port each cage belongs to: the port's node in the device tree, or that of its PHY, names the cage's.
func (r *Reader) cages(ctx context.Context) []cage {
	return r.Memo("sfp", func() any {
		var all []cage
		handles := map[string]string{}
		for _, pattern := range [...]string{"/sys/class/net/*/of_node/sfp", "/sys/class/net/*/phydev/of_node/sfp"} {
			for _, file := range r.Glob(pattern) {
				dev, _, _ := strings.Cut(strings.TrimPrefix(file, "/sys/class/net/"), "/")
				handles[string(r.File(file))] = dev
			}
		}
		var ports []string
		for _, file := range r.Glob("/sys/bus/platform/drivers/sfp/*/of_node/phandle") {
			if dev := handles[string(r.File(file))]; dev != "" {
				all = append(all, cage{name: path.Base(path.Dir(path.Dir(file))), dev: dev})
				ports = append(ports, dev)
			}
		}
		if len(ports) == 0 {
			ports = r.network(ctx).live.ethernet
		}
		for _, m := range r.Kernel().Modules(ports) {
			found := false
			for i := range all {
				if all[i].dev == m.Dev {
					all[i].module, found = m, true
				}
			}
			if !found {
				all = append(all, cage{m.Dev, m.Dev, m})
			}
		}
		for i := range all {
			if m := &all[i].module; len(m.A0) < 128 {
				m.A0 = nil
			} else if len(m.A2) < 128 {
				m.A2 = nil
			}
		}
		return all
	}).([]cage)
}

func sfpCages(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, c := range r.cages(ctx) {
		rows = append(rows, model.Row{Key: c.name, Data: c})
	}
	return rows, nil
}

// managed reports whether what is plugged in is an SFP (SFF-8024), whose memories are laid out by SFF-8472.
func (c cage) managed() bool { return c.module.A0 != nil && c.module.A0[0] == 3 }

func sfpModules(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, c := range r.cages(ctx) {
		if c.managed() {
			rows = append(rows, model.Row{Key: c.name, Data: c})
		}
	}
	return rows, nil
}

// sfpCageOf is `call sfp.cages` of a port: its cage.
func sfpCageOf(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	dev := netdevOf(r.network(ctx), row)
	for _, c := range r.cages(ctx) {
		if c.dev == dev {
			return joinRefs(ref("Device.SFPs.SFPCage.", c.name)), nil
		}
	}
	return "", nil
}

// getCage is `call sfp.cage FIELD`.
func getCage(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	c, _ := row.Data.(cage)
	a0 := c.module.A0
	switch args[0] {
	case "name":
		return c.name, nil
	case "present":
		return digit(a0 != nil), nil
	case "identifier":
		if a0 != nil {
			return strconv.Itoa(int(a0[0])), nil
		}
	case "interface":
		if c.managed() {
			return "SFF-8472", nil
		}
		return "Unknown", nil
	case "type":
		return c.kind(), nil
	case "module":
		if c.managed() {
			return ref("Device.SFPs.Mgmt.SFF8472.", c.name), nil
		}
	}
	return "", nil
}

// kind is what an SFP is for, by the codes of SFF-8472 table 5-3 and SFF-8024 table 4-4. Modules for passive optical
// networks have no code but the one of EPON.
func (c cage) kind() string {
	if !c.managed() {
		return "Unsupported"
	}
	a0 := c.module.A0
	switch extended := a0[36]; {
	case a0[6]&0x80 != 0: // BASE-PX
		return "EPON"
	case a0[6]&0x0c != 0, a0[8]&0x0c != 0: // 1000BASE-T and -CX; copper cables
		return "Electrical Ethernet"
	case extended == 0x16, extended >= 0x1c && extended <= 0x1e: // 10GBASE-T, 5GBASE-T, 2.5GBASE-T
		return "Electrical Ethernet"
	case a0[3]&0xf0 != 0, a0[6] != 0, extended >= 2 && extended <= 4: // 10GBASE, 100BASE and 1000BASE, 25GBASE
		return "Optical Ethernet"
	}
	return "Unsupported"
}

// sfpValue is `call sfp.value FORM PAGE OCTET [LENGTH|BIT]`: what stands in a memory of the module, PAGE is a0 or a2.
// What is measured is in the units of TR-181: degrees, mV, µA and tenths of a dBm.
func sfpValue(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	c, _ := row.Data.(cage)
	b := []byte(c.module.A0)
	if args[1] == "a2" {
		b = c.module.A2
	}
	more := 0
	if len(args) > 3 {
		more, _ = strconv.Atoi(args[3])
	}
	at, err := strconv.Atoi(args[2])
	if err != nil || at+max(more, 2) > len(b) {
		return "", err
	}
	number := 0
	switch v := b[at : at+2]; args[0] {
	case "hex":
		return hex.EncodeToString(b[at : at+more]), nil
	case "text":
		return strings.TrimSpace(strings.TrimRight(string(b[at:at+more]), "\x00")), nil
	case "bit":
		return digit(v[0]>>more&1 != 0), nil
	case "codes": // of what the transceiver complies with
		return hex.EncodeToString(append(b[3:11:11], b[36])), nil
	case "octet":
		number = int(v[0])
	case "word":
		number = int(binary.BigEndian.Uint16(v))
	case "rate": // in 100 MBd; beyond, octet 66 counts 250 MBd
		if number = int(v[0]); number == 255 {
			number = int(b[66]) * 5 / 2
		}
	case "percent":
		if number = int(v[0]); number > 100 {
			return "", nil
		}
	default:
		return c.measured(args[0], v), nil
	}
	return strconv.Itoa(number), nil
}

// measured reads two octets of the diagnostics, by SFF-8472 clause 9. A module that leaves the calibration to its host has the
// constants for it in the same memory.
func (c cage) measured(form string, v []byte) string {
	a2 := []byte(c.module.A2)
	external := len(a2) > 0 && c.module.A0[92]&0x10 != 0
	raw := float64(binary.BigEndian.Uint16(v))
	if form == "temp" {
		raw = float64(int16(binary.BigEndian.Uint16(v)))
	}
	linear := func(at int) {
		if external {
			raw = raw*float64(binary.BigEndian.Uint16(a2[at:]))/256 + float64(int16(binary.BigEndian.Uint16(a2[at+2:])))
		}
	}
	switch form {
	case "temp": // 1/256 degree
		linear(84)
		raw /= 256
	case "vcc": // 100 µV
		linear(88)
		raw /= 10
	case "bias": // 2 µA
		linear(76)
		raw *= 2
	case "txpower":
		linear(80)
		raw = decibels(raw)
	case "rxpower":
		if external {
			sum := 0.0
			for at := 56; at < 76; at += 4 { // a polynomial, the highest power first
				sum = sum*raw + float64(math.Float32frombits(binary.BigEndian.Uint32(a2[at:])))
			}
			raw = sum
		}
		raw = decibels(raw)
	}
	if raw != raw || math.Abs(raw) > 1<<30 {
		return ""
	}
	return strconv.Itoa(int(math.Round(raw)))
}

// decibels turns tenths of a µW into tenths of a dBm; less than the first is no light at all, -40 dBm.
func decibels(power float64) float64 {
	if power < 1 {
		return -400
	}
	return 100 * math.Log10(power/10000)
}
