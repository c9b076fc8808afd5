package source

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// optionKinds says how dnsmasq writes options: as addresses ("a"), as text ("t"), as domain names ("d"), as a number of
// 1, 2 or 4 octets. What is not here it takes as octets in hexadecimal, with colons.
var optionKinds = map[int]string{
	1: "a", 2: "4", 3: "a", 6: "a", 7: "a", 9: "a", 12: "t", 13: "2", 15: "t", 16: "a", 17: "t", 18: "t", 19: "1", 20: "1",
	21: "a", 22: "2", 23: "1", 26: "2", 27: "1", 28: "a", 31: "1", 32: "a", 33: "a", 34: "1", 35: "4", 36: "1", 37: "1", 38: "4",
	40: "t", 41: "a", 42: "a", 44: "a", 45: "a", 46: "1", 48: "a", 49: "a", 58: "4", 59: "4", 64: "t", 65: "a", 66: "t", 67: "t",
	68: "a", 69: "a", 70: "a", 71: "a", 74: "a", 119: "d", 150: "a",
}

// optionOctets are the octets of what dnsmasq has in an option's text.
func optionOctets(code int, text string) []byte {
	text = strings.Trim(text, `"`)
	switch kind := optionKinds[code]; kind {
	case "t":
		return []byte(text)
	case "d":
		return domainOctets(text)
	case "1", "2", "4":
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			return octets(n, int(kind[0]-'0'))
		}
	}
	var out []byte
	for _, field := range strings.Split(text, ",") {
		a, err := netip.ParseAddr(strings.TrimSpace(field))
		if err != nil || !a.Is4() {
			out = nil
			break
		}
		out = append(out, a.AsSlice()...)
	}
	switch {
	case out != nil:
		return out
	case strings.Contains(text, ":"):
		for _, field := range strings.Split(text, ":") {
			n, err := strconv.ParseUint(field, 16, 8)
			if err != nil {
				return []byte(text)
			}
			out = append(out, byte(n))
		}
		return out
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		switch {
		case n > 0xffff:
			return octets(n, 4)
		case n > 0xff:
			return octets(n, 2)
		}
		return octets(n, 1)
	}
	return []byte(text)
}

func octets(n uint64, size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[size-1-i] = byte(n >> (8 * i))
	}
	return out
}

// domainOctets writes names as RFC 3397 does, without compression.
func domainOctets(text string) []byte {
	var out []byte
	for _, name := range strings.Split(text, ",") {
		if name == "" {
			continue
		}
		for _, label := range strings.Split(strings.Trim(name, "."), ".") {
			if len(label) > 63 {
				label = label[:63]
			}
			out = append(append(out, byte(len(label))), label...)
		}
		out = append(out, 0)
	}
	return out
}

// optionForm is the text that makes dnsmasq send these octets.
func optionForm(code int, data []byte) (string, error) {
	bad := func(what string) (string, error) {
		return "", model.Errorf(model.BadValue, "option %d is %s", code, what)
	}
	switch kind := optionKinds[code]; kind {
	case "a":
		if len(data) == 0 || len(data)%4 != 0 {
			return bad("a list of IPv4 addresses")
		}
		var list []string
		for i := 0; i < len(data); i += 4 {
			a, _ := netip.AddrFromSlice(data[i : i+4])
			list = append(list, a.String())
		}
		return strings.Join(list, ","), nil
	case "t":
		if slices.ContainsFunc(data, func(b byte) bool { return b <= ' ' || b > '~' || b == '"' || b == ',' || b == '\\' }) {
			return bad("text without blanks, commas and quotes")
		}
		return string(data), nil
	case "d":
		names, ok := domainNames(data)
		if !ok {
			return bad("a list of domain names")
		}
		return strings.Join(names, ","), nil
	case "1", "2", "4":
		if len(data) != int(kind[0]-'0') {
			return bad("a number of " + kind + " octets")
		}
		var n uint64
		for _, b := range data {
			n = n<<8 | uint64(b)
		}
		return strconv.FormatUint(n, 10), nil
	}
	if len(data) == 1 {
		return strconv.Itoa(int(data[0])), nil // dnsmasq takes one hexadecimal pair for a number
	}
	var pairs []string
	for _, b := range data {
		pairs = append(pairs, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":"), nil
}

func domainNames(data []byte) (names []string, ok bool) {
	var labels []string
	for len(data) > 0 {
		n := int(data[0])
		data = data[1:]
		if n == 0 {
			if len(labels) == 0 {
				return nil, false
			}
			names, labels = append(names, strings.Join(labels, ".")), nil
			continue
		}
		if n > 63 || n > len(data) {
			return nil, false
		}
		label := string(data[:n])
		if strings.ContainsFunc(label, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`,."\`, c) }) {
			return nil, false
		}
		labels, data = append(labels, label), data[n:]
	}
	return names, len(labels) == 0 && len(names) > 0
}

// poolOptionTable is Pool.{i}.Option: the dhcp_option entries that have no parameter of their own.
func poolOptionTable() *listTable {
	return &listTable{
		pkg: "dhcp", typ: "cwmp_option", prefix: "cwmp_opt_", lists: []string{"dhcp_option", "dhcp_option_force"},
		owners: ownSection,
		option: func(string) string { return "dhcp_option" },
		shown: func(item string) bool {
			code, _, ok := cutOption(item)
			return ok && !slices.Contains([]string{"3", "6", "15", "44"}, code)
		},
		ident: func(item string) string { code, _, _ := cutOption(item); return code },
		get: func(_ *Reader, _, item, field string) string {
			code, value, _ := cutOption(item)
			if field == "tag" {
				return code
			}
			n, _ := strconv.Atoi(code)
			if value == "" {
				return ""
			}
			return hex.EncodeToString(optionOctets(n, value))
		},
		set: func(_ *Reader, owner, item, field, value string) (string, string, error) {
			code, text, _ := cutOption(item)
			n, _ := strconv.Atoi(code)
			var data []byte
			if text != "" {
				data = optionOctets(n, text)
			}
			if field == "tag" {
				if slices.Contains([]string{"3", "6", "15", "44"}, value) {
					return owner, item, model.Errorf(model.BadValue, "that option is a parameter of the pool")
				}
				code = value
				n, _ = strconv.Atoi(value)
				if item != "" && item[0] == ',' {
					data, _ = hex.DecodeString(strings.TrimPrefix(item, ",hex:"))
				}
			} else {
				data, _ = hex.DecodeString(value)
			}
			if code == "" {
				return owner, ",hex:" + hex.EncodeToString(data), nil // the value came before the tag
			}
			text, err := optionForm(n, data)
			if len(data) == 0 {
				text, err = "", nil
			}
			return owner, code + "," + text, err
		},
		check: func(_ *Reader, _, item string) error {
			if code, _, ok := cutOption(item); !ok || code == "" {
				return at("Tag", model.BadValue, "an enabled option needs a Tag")
			}
			return nil
		},
	}
}

// ownSection is the parent row's section, which holds the list.
func ownSection(r *Reader, parent *model.Row) []*uci.Section {
	if s := r.own(parent); s != nil {
		return []*uci.Section{s}
	}
	return nil
}

// udhcpcNames are the options that netifd's dhcp protocol has options of its own for.
var udhcpcNames = map[string]string{"12": "hostname", "60": "vendorid", "61": "clientid"}

// sentOptionTable is Client.{i}.SentOption: `0xTAG:HEX` in sendopts, and hostname, vendorid and clientid. An item is
// "TAG:HEX" here.
func sentOptionTable() *listTable {
	return &listTable{
		pkg: "network", typ: "cwmp_sentoption", prefix: "cwmp_sent_", lists: []string{"hostname", "vendorid", "clientid", "sendopts"},
		scalars: []string{"hostname", "vendorid", "clientid"},
		owners:  ownSection,
		option: func(item string) string {
			tag, value, _ := strings.Cut(item, ":")
			data, _ := hex.DecodeString(value)
			if name := udhcpcNames[tag]; name == "clientid" || name != "" && isPlain(data) {
				return name
			}
			return "sendopts"
		},
		load:   loadSent,
		store:  storeSent,
		joined: true,
		shown:  func(item string) bool { return !strings.HasPrefix(item, alien) },
		ident:  func(item string) string { tag, _, _ := strings.Cut(item, ":"); return tag },
		get:    getTagged,
		set:    setTagged,
		check:  checkTagged,
	}
}

func isPlain(data []byte) bool {
	return len(data) > 0 && !slices.ContainsFunc(data, func(b byte) bool { return b <= ' ' || b > '~' })
}

func loadSent(option, raw string) string {
	switch option {
	case "hostname", "vendorid":
		if raw == "*" {
			return alien + raw
		}
		tag := map[string]string{"hostname": "12", "vendorid": "60"}[option]
		return tag + ":" + hex.EncodeToString([]byte(raw))
	case "clientid":
		return "61:" + strings.ToLower(strings.ReplaceAll(raw, ":", ""))
	}
	name, value, ok := strings.Cut(raw, ":")
	n, err := strconv.ParseUint(name, 0, 8)
	if !ok || err != nil || n == 0 || n == 255 {
		return alien + raw // a name of busybox's: left alone
	}
	if text := strings.Trim(value, `"'`); text != value {
		value = hex.EncodeToString([]byte(text))
	}
	return strconv.FormatUint(n, 10) + ":" + strings.ToLower(value)
}

// alien stands before what no row shows and what is written back as it was.
const alien = "raw "

func storeSent(option, item string) string {
	if raw, ok := strings.CutPrefix(item, alien); ok {
		return raw
	}
	tag, value, _ := strings.Cut(item, ":")
	switch option {
	case "hostname", "vendorid":
		data, _ := hex.DecodeString(value)
		return string(data)
	case "clientid":
		return value
	}
	n, _ := strconv.Atoi(tag)
	return "0x" + hex.EncodeToString([]byte{byte(n)}) + ":" + value
}

func getTagged(_ *Reader, _, item, field string) string {
	tag, value, _ := strings.Cut(item, ":")
	if field == "tag" {
		return tag
	}
	return value
}

func setTagged(_ *Reader, owner, item, field, value string) (string, string, error) {
	tag, data, _ := strings.Cut(item, ":")
	if field == "tag" {
		return owner, value + ":" + data, nil
	}
	return owner, tag + ":" + strings.ToLower(value), nil
}

func checkTagged(_ *Reader, _, item string) error {
	tag, value, _ := strings.Cut(item, ":")
	switch {
	case tag == "":
		return at("Tag", model.BadValue, "an enabled option needs a Tag")
	case value == "":
		return at("Value", model.BadValue, "udhcpc cannot send an empty option")
	}
	return nil
}

// reqOptionTable is Client.{i}.ReqOption: the numbers in reqopts.
func reqOptionTable() *listTable {
	return &listTable{
		pkg: "network", typ: "cwmp_reqoption", prefix: "cwmp_req_", lists: []string{"reqopts"}, joined: true,
		owners: ownSection,
		option: func(string) string { return "reqopts" },
		shown:  func(item string) bool { n, err := strconv.Atoi(item); return err == nil && n > 0 && n < 255 },
		ident:  func(item string) string { return item },
		get: func(r *Reader, owner, item, field string) string {
			if field == "order" { // a row that is off is none of the list: it comes last
				list := items(r.section("network", owner), "reqopts")
				if i := slices.Index(list, item); i >= 0 {
					return strconv.Itoa(i + 1)
				}
				return strconv.Itoa(len(list) + 1)
			}
			return item
		},
		set: func(_ *Reader, owner, _, _, value string) (string, string, error) {
			return owner, value, nil
		},
	}
}
