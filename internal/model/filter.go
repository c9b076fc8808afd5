package model

import (
	"errors"
	"fmt"
	"strings"
)

// A filter stands between a raw value and a parameter's text. It is compiled once and never changed.
type filter struct {
	text  string // as written
	read  func(tx *Tx, raw string) string
	write func(tx *Tx, value, old string) (string, error) // nil: no inverse; old is what read would be given now
	refs  *refFilter                                      // of `ref`
}

func (f *filter) inverse() bool { return f.write != nil }

// A filterRule makes a filter of its arguments.
type filterRule struct {
	want string
	make func(args []string, boolean bool) (filter, error)
}

// filterRules is the closed list of filters.
var filterRules = map[string]filterRule{
	"default": {"default VALUE", makeDefault},
	"not":     {"not", makeNot},
	"map":     {"map RAW=VALUE… [*=VALUE]", makeMap},
	"ref":     {"ref [TABLE…]", makeRef},
	"item":    {"item N", makeItem},
	"list":    {"list SEPARATOR", makeList},
	"entry":   {"entry PREFIX", makeEntry},
	"scale":   {"scale N/D", makeScale},
	"dur":     {"dur", makeDur},
	"time":    {"time", makeTime},
	"mac":     {"mac", makeMAC},
	"mask":    {"mask", makeMask},
	"uint":    {"uint", makeUint},
	"trim":    {"trim N", makeTrim},
	"hex":     {"hex", makeHex},
	"octets":  {"octets [FROM TO] or octets text", makeOctets},
	"bits":    {"bits BIT=WORD…", makeBits},
}

// errWant is what a maker answers when its arguments are not what the rule wants.
var errWant = errors.New("wrong arguments")

// newFilter compiles the words between two bars; boolean says that the parameter is one, and so its text "1" or "0".
func newFilter(words []string, boolean bool) (filter, error) {
	if len(words) == 0 {
		return filter{}, errors.New("a filter is missing after |")
	}
	rule, ok := filterRules[words[0]]
	if !ok {
		return filter{}, fmt.Errorf("unknown filter %q%s", words[0], didYouMean(words[0], sortedKeys(filterRules)))
	}
	f, err := rule.make(words[1:], boolean)
	if err != nil {
		return f, fmt.Errorf("filter %s: %w (expected: %s)", words[0], err, rule.want)
	}
	f.text = strings.Join(words, " ")
	return f, nil
}

// readThrough turns a raw value into a parameter's text, left to right.
func readThrough(filters []filter, tx *Tx, raw string) string {
	for i := range filters {
		raw = filters[i].read(tx, raw)
	}
	return raw
}

// writeThrough turns a parameter's text into a raw value, right to left. old is the raw value now, which filters that
// change a part of it need.
func writeThrough(filters []filter, tx *Tx, value, old string) (string, error) {
	if len(filters) == 0 {
		return value, nil
	}
	value, err := writeThrough(filters[1:], tx, value, filters[0].read(tx, old))
	if err != nil {
		return "", err
	}
	return filters[0].write(tx, value, old)
}

// keep is the inverse of filters that only tidy what the router says.
func keep(_ *Tx, value, _ string) (string, error) { return value, nil }

// simple makes a filter of two functions on scalars, each applied to every item of a list.
func simple(read func(string) string, write func(string) (string, error)) filter {
	f := filter{read: func(_ *Tx, raw string) string { return eachItem(raw, read) }}
	if write != nil {
		f.write = func(_ *Tx, value, _ string) (string, error) {
			var failed error
			out := eachItem(value, func(item string) string {
				raw, err := write(item)
				failed = errors.Join(failed, err)
				return raw
			})
			return out, failed
		}
	}
	return f
}

// makeDefault: what is absent is VALUE; VALUE itself is written as it stands. The empty text cannot be written, for it would
// read back as VALUE.
func makeDefault(args []string, boolean bool) (filter, error) {
	if len(args) != 1 {
		return filter{}, errWant
	}
	value := args[0]
	return filter{
		read: func(_ *Tx, raw string) string {
			if raw == "" {
				return value
			}
			return raw
		},
		write: func(_ *Tx, text, _ string) (string, error) {
			if text == "" && value != "" {
				return "", errors.New("cannot be empty here")
			}
			return text, nil
		},
	}, nil
}

func makeNot(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	not := func(raw string) string {
		switch yes, ok := truth(raw); {
		case !ok:
			return raw
		case yes:
			return "0"
		}
		return "1"
	}
	return simple(not, func(value string) (string, error) { return not(value), nil }), nil
}

// A mapping is raw ↔ value. "*=V" reads any other raw as V; "*=*" lets any other pass, both ways.
type mapping struct {
	raws, values []string
	other        string
	hasOther     bool
	pass         bool
	boolean      bool
}

func makeMap(args []string, boolean bool) (filter, error) {
	m := mapping{boolean: boolean}
	for _, arg := range args {
		raw, value, ok := strings.Cut(arg, "=")
		switch {
		case !ok:
			return filter{}, fmt.Errorf("%q has no =", arg)
		case arg == "*=*":
			m.pass = true
		case raw == "*":
			m.other, m.hasOther = value, true
		default:
			m.raws, m.values = append(m.raws, raw), append(m.values, value)
		}
	}
	if len(args) == 0 || m.pass && m.hasOther {
		return filter{}, errWant
	}
	return simple(m.read, m.write), nil
}

func (m *mapping) read(raw string) string {
	for i, r := range m.raws {
		if r == raw {
			return m.values[i]
		}
	}
	if m.hasOther {
		return m.other
	}
	return raw
}

func (m *mapping) write(value string) (string, error) {
	for i, v := range m.values {
		if v == value || m.boolean && sameTruth(v, value) {
			return m.raws[i], nil
		}
	}
	if m.pass {
		return value, nil
	}
	return "", errors.New("the router has no such setting")
}

// sameTruth lets a map say false=… where the text is "0".
func sameTruth(a, b string) bool {
	x, ok := truth(a)
	y, ok2 := truth(b)
	return ok && ok2 && x == y
}
