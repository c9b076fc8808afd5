package source

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A pool for some devices only: dnsmasq gives a device a tag by its vendor class, user class or MAC address, and a pool
// serves those that have, or have not, all of its tags. A criterion of ours is a section (`config vendorclass`, …) that
// sets a tag of the section's own name, and that name in the pool's `list tag`, with a "!" before it to exclude. A
// criterion with a tag of somebody else's is not shown and is left alone.
type criterion struct{ typ, option, suffix string }

var criteria = map[string]criterion{
	"vendor": {"vendorclass", "vendorclass", "vendor"},
	"user":   {"userclass", "userclass", "user"},
	"mac":    {"mac", "mac", "mac"},
}

func (c criterion) tag(pool *uci.Section) string {
	return "cwmp_" + validPart(pool.Name) + "_" + c.suffix
}

// section is the criterion's section of a pool, nil where it has none.
func (c criterion) section(r *Reader, pool *uci.Section) *uci.Section {
	if s := r.section("dhcp", c.tag(pool)); s != nil && s.Type == c.typ {
		return s
	}
	return nil
}

func (c criterion) excludes(pool *uci.Section) bool {
	return slices.Contains(items(pool, "tag"), "!"+c.tag(pool))
}

// getCriterion answers `call dhcp4.match vendor|user|mac|mask [not]`.
func getCriterion(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	pool := r.own(row)
	if pool == nil {
		return "", nil
	}
	kind := args[0]
	if kind == "mask" {
		kind = "mac"
	}
	c := criteria[kind]
	if len(args) > 1 {
		return digit(c.excludes(pool)), nil
	}
	value := text(c.section(r, pool), c.option)
	switch args[0] {
	case "user":
		return hex.EncodeToString([]byte(value)), nil
	case "mac", "mask":
		chaddr, mask := cutWildMAC(value)
		if args[0] == "mask" {
			return mask, nil
		}
		return chaddr, nil
	}
	return value, nil
}

// cutWildMAC splits "aa:bb:cc:*:*:*" into address and mask.
func cutWildMAC(text string) (chaddr, mask string) {
	if text == "" {
		return "", ""
	}
	a, m := strings.Split(strings.ToUpper(text), ":"), []string{}
	for i := range a {
		if a[i] == "*" {
			a[i] = "00"
			m = append(m, "00")
		} else {
			m = append(m, "FF")
		}
	}
	return strings.Join(a, ":"), strings.Join(m, ":")
}

func wildMAC(chaddr, mask string) (string, error) {
	if chaddr == "" {
		return "", nil
	}
	a, m := strings.Split(strings.ToLower(chaddr), ":"), strings.Split(strings.ToLower(mask), ":")
	if mask == "" {
		m = slices.Repeat([]string{"ff"}, 6)
	}
	if len(a) != 6 || len(m) != 6 {
		return "", at("Chaddr", model.BadValue, "not a MAC address")
	}
	for i := range a {
		switch {
		case m[i] == "ff":
		case m[i] != "00":
			return "", at("ChaddrMask", model.BadValue, "dnsmasq can leave out whole octets only")
		case a[i] != "00":
			return "", at("Chaddr", model.BadValue, "octets that the mask leaves out must be 00")
		default:
			a[i] = "*"
		}
	}
	return strings.Join(a, ":"), nil
}

// setCriteria writes the criteria that a transaction changed.
func setCriteria(r *Reader, pool *uci.Section, changed map[string]string) error {
	for kind, name := range map[string]string{"vendor": "VendorClassID", "user": "UserClassID", "mac": "Chaddr"} {
		c := criteria[kind]
		value, hasValue := changed[name]
		mask, hasMask := changed["ChaddrMask"]
		exclude, hasExclude := changed[name+"Exclude"]
		if kind == "mac" && (hasValue || hasMask) {
			chaddr, old := cutWildMAC(text(c.section(r, pool), c.option))
			if !hasValue {
				value = chaddr
			}
			if !hasMask {
				mask = old
			}
			var err error
			if value == "" && mask != "" && hasMask {
				return at("ChaddrMask", model.BadValue, "there is no Chaddr that it masks")
			}
			if value, err = wildMAC(value, mask); err != nil {
				return err
			}
			hasValue = true
		}
		if !hasValue && !hasExclude {
			continue
		}
		if kind == "user" && hasValue {
			data, _ := hex.DecodeString(value)
			value = string(data)
		}
		if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' || c == ',' || c == '"' }) {
			return at(name, model.BadValue, "dnsmasq's configuration can hold printable characters without comma and quote")
		}
		if !hasValue {
			value = text(c.section(r, pool), c.option)
		}
		not := c.excludes(r.section("dhcp", pool.Name))
		if hasExclude {
			not = yes(exclude, false)
		}
		if err := c.write(r, pool, value, not); err != nil {
			return err
		}
	}
	return nil
}

func (c criterion) write(r *Reader, pool *uci.Section, value string, not bool) error {
	pool = r.section("dhcp", pool.Name) // with what this transaction wrote already
	tag, s := c.tag(pool), c.section(r, pool)
	tags := slices.DeleteFunc(slices.Clone(items(pool, "tag")), func(t string) bool { return strings.TrimPrefix(t, "!") == tag })
	switch {
	case value == "" && !not:
		if s != nil {
			if err := r.removeSection("dhcp", tag); err != nil {
				return err
			}
		}
		return r.setItems("dhcp", pool.Name, "tag", tags)
	case s == nil:
		if err := r.addSection("dhcp", c.typ, tag, "networkid", tag); err != nil {
			return err
		}
	}
	if err := r.uciSet("dhcp", tag, c.option, value); err != nil {
		return err
	}
	if not {
		tag = "!" + tag
	}
	if slices.Contains(items(pool, "tag"), tag) {
		return nil
	}
	return r.setItems("dhcp", pool.Name, "tag", append(tags, tag))
}

// deletePool takes the criteria and static addresses that we made for a pool along.
func deletePool(_ context.Context, r *Reader, row *model.Row) error {
	pool := r.own(row)
	if pool == nil {
		return nil
	}
	for _, c := range criteria {
		if c.section(r, pool) != nil {
			if err := r.removeSection("dhcp", c.tag(pool)); err != nil {
				return err
			}
		}
	}
	for _, s := range slices.Clone(r.UCI("dhcp").Sections) {
		if s.Get("owner") == pool.Name && s.Type == "cwmp_option" || s.Get(poolOf) == pool.Name && s.Type == hostParking.parked {
			if err := r.removeSection("dhcp", s.Name); err != nil {
				return err
			}
		}
	}
	for _, v := range services {
		if s := r.own(row); s.Option(string(v)) != nil { // odhcpd's goes on
			moved := v.row(r, s)
			if err := v.move(r, &moved, s, nil, s.Get("interface")); err != nil {
				return err
			}
		}
	}
	return r.removeSection("dhcp", pool.Name)
}

func poolRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for _, s := range pools(r) {
		out = append(out, r.rowOf("dhcp", s, "interface"))
	}
	return out, nil
}
