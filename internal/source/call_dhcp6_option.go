package source

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// An option of DHCPv6 is "TAG:HEX" here, as a row knows it.

// cutOptions6 takes options apart that stand one behind the other in hexadecimal, as on the wire; rest is what is none.
func cutOptions6(text string) (options []string, rest string) {
	data, err := hex.DecodeString(strings.ToLower(strings.TrimSpace(text)))
	if err != nil {
		return nil, text
	}
	for len(data) >= 4 {
		n := 4 + int(data[2])<<8 + int(data[3])
		if n > len(data) {
			break
		}
		options = append(options, strconv.Itoa(int(data[0])<<8+int(data[1]))+":"+hex.EncodeToString(data[4:n]))
		data = data[n:]
	}
	return options, hex.EncodeToString(data)
}

// joinOption6 is the inverse for one option; its tag is a number.
func joinOption6(tag, value string) string {
	n, _ := strconv.Atoi(tag)
	return hex.EncodeToString(append(octets(uint64(n), 2), octets(uint64(len(value)/2), 2)...)) + value
}

// optionBeside6 is the section that holds an option which is switched off.
const optionBeside6 = "cwmp_option6"

// odhcpdLists are the options of odhcpd that make one of DHCPv6.
var odhcpdLists = [...]struct{ tag, option string }{{"23", "dns"}, {"24", "domain"}, {"56", "ntp"}}

// poolOptionTable6 is Server.Pool.{i}.Option. Name servers, domains and time servers stand in lists of odhcpd, in which those
// of IPv4 stay as they are; all others stand in dhcpv6_raw.
func poolOptionTable6() *listTable {
	return &listTable{
		pkg: "dhcp", typ: optionBeside6, prefix: "cwmp_opt6_", lists: []string{"dns", "domain", "ntp", "dhcpv6_raw"},
		owners: ownSection,
		option: func(item string) string {
			tag, _, _ := strings.Cut(item, ":")
			for _, l := range odhcpdLists {
				if l.tag == tag {
					return l.option
				}
			}
			return "dhcpv6_raw"
		},
		decode: decodeOdhcpd,
		encode: encodeOdhcpd,
		shown:  func(item string) bool { return !strings.HasPrefix(item, alien) },
		ident:  func(item string) string { tag, _, _ := strings.Cut(item, ":"); return tag },
		get:    getTagged,
		set:    setTagged,
		check: func(_ *Reader, _, item string) error {
			tag, value, _ := strings.Cut(item, ":")
			data, _ := hex.DecodeString(value)
			switch {
			case tag == "":
				return at("Tag", model.BadValue, "an enabled option needs a Tag")
			case slices.Contains([]string{"1", "2", "3", "4", "5", "6", "13", "25", "26"}, tag):
				return at("Tag", model.BadValue, "that option is the server's own")
			case tag == "23" || tag == "24" || tag == "56":
				if len(odhcpdItems(tag, data)) == 0 {
					return at("Value", model.BadValue, "odhcpd cannot send that as option %s", tag)
				}
			}
			return nil
		},
	}
}

// decodeOdhcpd makes options of what stands in a list of odhcpd: one of all that is IPv6's.
func decodeOdhcpd(option string, raw []string) []string {
	if option == "dhcpv6_raw" {
		out, rest := cutOptions6(strings.Join(raw, ""))
		if rest != "" {
			out = append(out, alien+rest)
		}
		return out
	}
	var data []byte
	var out []string
	tag := ""
	for _, l := range odhcpdLists {
		if l.option == option {
			tag = l.tag
		}
	}
	for _, item := range raw {
		ip, err := netip.ParseAddr(item)
		switch {
		case strings.HasPrefix(item, tag+":") && err != nil:
			out = append(out, item) // not yet complete: the hook sees to it
		case err == nil && !ip.Is6() || err != nil && tag == "23":
			out = append(out, alien+item)
		case tag == "23":
			data = append(data, ip.AsSlice()...)
		case tag == "24":
			data = append(data, domainOctets(item)...)
		case err == nil:
			data = append(append(data, 0, 1, 0, 16), ip.AsSlice()...)
		default:
			name := domainOctets(item)
			data = append(append(data, 0, 3, 0, byte(len(name))), name...)
		}
	}
	if data != nil {
		out = append(out, tag+":"+hex.EncodeToString(data))
	}
	return out
}

// odhcpdItems is the inverse for one option, nothing for what odhcpd cannot send.
func odhcpdItems(tag string, data []byte) (out []string) {
	switch tag {
	case "23":
		for ; len(data) >= 16; data = data[16:] {
			out = append(out, netip.AddrFrom16([16]byte(data)).String())
		}
		if len(data) > 0 {
			return nil
		}
	case "24":
		out, _ = domainNames(data)
	case "56":
		options, rest := cutOptions6(hex.EncodeToString(data))
		for _, o := range options {
			kind, value, _ := strings.Cut(o, ":")
			data, _ := hex.DecodeString(value)
			switch names, _ := domainNames(data); {
			case kind == "1" && len(data) == 16:
				out = append(out, netip.AddrFrom16([16]byte(data)).String())
			case kind == "3" && len(names) == 1:
				out = append(out, names[0])
			default:
				return nil
			}
		}
		if rest != "" {
			return nil
		}
	}
	return out
}

func encodeOdhcpd(option string, list []string) []string {
	var out []string
	for _, item := range list {
		tag, value, _ := strings.Cut(item, ":")
		data, _ := hex.DecodeString(value)
		switch raw, isRaw := strings.CutPrefix(item, alien); {
		case isRaw:
			out = append(out, raw)
		case option == "dhcpv6_raw":
			out = append(out, joinOption6(tag, value))
		default:
			items := odhcpdItems(tag, data)
			if len(items) == 0 {
				items = []string{item}
			}
			out = append(out, items...)
		}
	}
	if option == "dhcpv6_raw" && len(out) > 0 {
		return []string{strings.Join(out, "")}
	}
	return out
}

// sentOptionTable6 is Client.{i}.SentOption: `TAG:HEX` in sendopts, the octets in vendorclass, words in userclass.
func sentOptionTable6() *listTable {
	t := sentOptionTable()
	t.typ, t.prefix = "cwmp_sentoption6", "cwmp_sent6_"
	t.lists = []string{"vendorclass", "userclass", "sendopts"}
	t.scalars = []string{"vendorclass", "userclass"}
	t.joined = false
	t.option = func(item string) string {
		switch tag, _, _ := strings.Cut(item, ":"); tag {
		case "15":
			return "userclass"
		case "16":
			return "vendorclass"
		}
		return "sendopts"
	}
	t.load = func(option, raw string) string {
		switch option {
		case "vendorclass":
			return "16:" + strings.ToLower(raw)
		case "userclass":
			if strings.HasPrefix(raw, "15:") { // not yet complete: the hook sees to it
				return raw
			}
			return "15:" + hex.EncodeToString(append(octets(uint64(len(raw)), 2), raw...))
		}
		tag, value, _ := strings.Cut(raw, ":")
		if n, err := strconv.ParseUint(tag, 0, 16); err == nil && sendable6(int(n)) && isHex(value) {
			return strconv.FormatUint(n, 10) + ":" + strings.ToLower(value)
		}
		return alien + raw
	}
	t.store = func(option, item string) string {
		if raw, ok := strings.CutPrefix(item, alien); ok {
			return raw
		}
		_, value, _ := strings.Cut(item, ":")
		switch option {
		case "vendorclass":
			return value
		case "userclass":
			if data, _ := hex.DecodeString(value); isUserClass(data) {
				return string(data[2:])
			}
		}
		return item
	}
	t.set = func(r *Reader, owner, item, field, value string) (string, string, error) {
		if n, err := strconv.Atoi(value); field == "tag" && (err != nil || n != 15 && n != 16 && !sendable6(n)) {
			return owner, item, model.Errorf(model.BadValue, "odhcp6c cannot be told to send that option")
		}
		return setTagged(r, owner, item, field, value)
	}
	t.check = func(_ *Reader, _, item string) error {
		tag, value, _ := strings.Cut(item, ":")
		data, _ := hex.DecodeString(value)
		switch {
		case tag == "":
			return at("Tag", model.BadValue, "an enabled option needs a Tag")
		case value == "" || tag == "15" && !isUserClass(data):
			return at("Value", model.BadValue, "odhcp6c cannot send that; a user class is one word behind its length")
		}
		return nil
	}
	return t
}

// sendable6 reports whether odhcp6c takes an option as it is. It refuses those that it makes itself, and others it takes as names
// or addresses.
func sendable6(n int) bool {
	switch {
	case n == 11 || n == 56 || n == 68:
		return true
	case n < 27 || n == 31 || n == 32 || n >= 37 && n <= 39 || n >= 43 && n <= 48 || n == 53 || n == 61 || n == 64 || n == 66 || n == 67 ||
		n >= 79 && n <= 83 || n >= 87 && n <= 96 || n >= 100 && n <= 103 || n >= 105 && n <= 135:
		return false
	}
	return n <= 65535
}

// isUserClass reports whether these octets are one user class that odhcp6c can be given: a word, its length before it.
func isUserClass(data []byte) bool {
	return len(data) > 2 && int(data[0])<<8+int(data[1]) == len(data)-2 && isPlain(data[2:]) && !slices.Contains(data[2:], ',')
}
