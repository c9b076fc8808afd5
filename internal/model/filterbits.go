package model

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// makeHex: hexadecimal digits, as sysfs and PCI write numbers, as a decimal number.
func makeHex(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	return simple(func(raw string) string {
		n, err := strconv.ParseUint(strings.TrimPrefix(trim(raw), "0x"), 16, 64)
		if err != nil {
			return raw
		}
		return strconv.FormatUint(n, 10)
	}, nil), nil
}

// makeOctets: a list of numbers that are octets, or some of them: FROM to before TO. They become hexBinary, or, as `text`,
// the ASCII up to the first octet that is none.
func makeOctets(args []string, _ bool) (filter, error) {
	text := len(args) == 1 && args[0] == "text"
	var from, to int
	if len(args) == 2 {
		var err, err2 error
		from, err = strconv.Atoi(args[0])
		to, err2 = strconv.Atoi(args[1])
		if err != nil || err2 != nil || from < 0 || to <= from {
			return filter{}, errWant
		}
	} else if len(args) != 0 && !text {
		return filter{}, errWant
	}
	return filter{read: func(_ *Tx, raw string) string {
		items := splitList(raw)
		if to > len(items) {
			return ""
		}
		if to > 0 {
			items = items[from:to]
		}
		octets := make([]byte, 0, len(items))
		for _, item := range items {
			n, err := strconv.ParseUint(item, 10, 8)
			if err != nil {
				return ""
			}
			if text && (n < ' ' || n > '~') {
				break
			}
			octets = append(octets, byte(n))
		}
		if text {
			return string(octets)
		}
		return hex.EncodeToString(octets)
	}}, nil
}

// makeBits: the words whose bits are set in a number, or in any number of a list, each once and in the order of the words.
func makeBits(args []string, _ bool) (filter, error) {
	bits := make([]uint64, len(args))
	names := make([]string, len(args))
	for i, arg := range args {
		bit, name, _ := strings.Cut(arg, "=")
		n, err := strconv.ParseUint(bit, 10, 6)
		if err != nil || name == "" {
			return filter{}, errWant
		}
		bits[i], names[i] = 1<<n, name
	}
	if len(args) == 0 {
		return filter{}, errWant
	}
	return filter{read: func(_ *Tx, raw string) string {
		var set uint64
		for _, item := range splitList(raw) {
			if n, err := strconv.ParseUint(item, 10, 64); err == nil {
				set |= n
			}
		}
		var out []string
		for i, bit := range bits {
			if name := names[i]; set&bit != 0 && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return joinList(out)
	}}, nil
}
