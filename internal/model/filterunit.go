package model

import (
	"errors"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// makeScale: value = raw*N/D in whole numbers. What the router would have to round cannot be written.
func makeScale(args []string, _ bool) (filter, error) {
	if len(args) != 1 {
		return filter{}, errWant
	}
	over, under, two := strings.Cut(args[0], "/")
	if !two {
		under = "1"
	}
	n, err := strconv.ParseInt(over, 10, 32)
	d, err2 := strconv.ParseInt(under, 10, 32)
	if err != nil || err2 != nil || n <= 0 || d <= 0 {
		return filter{}, errWant
	}
	factor := big.NewRat(n, d)
	return simple(
		func(raw string) string {
			x, ok := rational(raw)
			if !ok {
				return raw
			}
			x.Mul(x, factor)
			return new(big.Int).Quo(x.Num(), x.Denom()).String()
		},
		func(value string) (string, error) {
			x, ok := rational(value)
			if !ok {
				return value, nil
			}
			if x.Quo(x, factor); !x.IsInt() {
				return "", errors.New("the router cannot set it that exactly")
			}
			return x.Num().String(), nil
		}), nil
}

// rational reads a short decimal number.
func rational(text string) (*big.Rat, bool) {
	text = trim(text)
	if text == "" || len(text) > 32 || strings.Trim(text, "+-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// units of dnsmasq's and odhcpd's lease times.
var units = map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}

// makeDur: 12h, 30m, 7d or plain seconds in seconds; infinite is -1.
func makeDur(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	return simple(readDur, writeDur), nil
}

func readDur(raw string) string {
	text := trim(raw)
	if text == "infinite" {
		return "-1"
	}
	if text == "" {
		return ""
	}
	unit, ok := units[text[len(text)-1]]
	if !ok {
		return text
	}
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 64)
	if err != nil || n < 0 || n > 1<<32 {
		return raw
	}
	return strconv.FormatInt(n*unit, 10)
}

func writeDur(value string) (string, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case value == "":
		return "", nil
	case err != nil || n < -1:
		return "", errors.New("not a number of seconds")
	case n == -1:
		return "infinite", nil
	case n > 0 && n%3600 == 0:
		return strconv.FormatInt(n/3600, 10) + "h", nil
	case n > 0 && n%60 == 0:
		return strconv.FormatInt(n/60, 10) + "m", nil
	}
	return value, nil
}

// makeTime: Unix seconds as a dateTime; 0 is the Unknown Time.
func makeTime(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	return simple(
		func(raw string) string {
			n, err := strconv.ParseInt(trim(raw), 10, 64)
			switch {
			case raw == "" || err == nil && n <= 0:
				return unknownTime
			case len(raw) == 22 && raw[10] == 'T' && (raw[19] == '+' || raw[19] == '-'):
				return raw + ":00" // ISO 8601 lets the minutes of a zone out
			case err != nil || n > 253402300799: // the year 9999
				return raw
			}
			return time.Unix(n, 0).UTC().Format(time.RFC3339)
		},
		func(value string) (string, error) {
			if value == "" || value == unknownTime {
				return "0", nil
			}
			at, zoned, err := readTime(value)
			if err != nil || !zoned || at.Unix() < 0 {
				return "", errors.New("expected a time after 1970 with its zone")
			}
			return strconv.FormatInt(at.Unix(), 10), nil
		}), nil
}

// makeMAC: twelve hexadecimal digits in any spelling as AA:BB:CC:DD:EE:FF.
func makeMAC(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	f := simple(readMAC, nil)
	f.write = keep
	return f, nil
}

func readMAC(raw string) string {
	var b [17]byte
	n := 0
	for i := range len(raw) {
		c := raw[i]
		switch {
		case c == ':' || c == '-' || c == '.' || c == ' ':
			continue
		case !isHex(c) || n == len(b):
			return raw
		}
		if 'a' <= c && c <= 'f' {
			c -= 'a' - 'A'
		}
		b[n] = c
		if n++; n < len(b) && n%3 == 2 {
			b[n] = ':'
			n++
		}
	}
	if n != len(b) {
		return raw
	}
	return string(b[:])
}

// makeMask: a prefix length as a dotted IPv4 mask.
func makeMask(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	return simple(
		func(raw string) string {
			n, err := strconv.Atoi(trim(raw))
			if err != nil || n < 0 || n > 32 {
				return raw
			}
			mask := uint32(uint64(0xffffffff) << (32 - n))
			return netip.AddrFrom4([4]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}).String()
		},
		func(value string) (string, error) {
			if value == "" {
				return "", nil
			}
			a, err := netip.ParseAddr(value)
			if err != nil || !a.Is4() {
				return "", errors.New("not a mask such as 255.255.255.0")
			}
			b := a.As4()
			mask := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
			n := 0
			for ; n < 32 && mask&(1<<31) != 0; n++ {
				mask <<= 1
			}
			if mask != 0 {
				return "", errors.New("not a mask such as 255.255.255.0: its ones have a gap")
			}
			return strconv.Itoa(n), nil
		}), nil
}

// makeUint: counters that ran over or say nothing are 0.
func makeUint(args []string, _ bool) (filter, error) {
	if len(args) != 0 {
		return filter{}, errWant
	}
	return simple(func(raw string) string {
		if negative, _, err := digits(raw); err != nil || negative {
			return "0"
		}
		return raw
	}, nil), nil
}

// makeTrim: at most N characters of what the router says.
func makeTrim(args []string, _ bool) (filter, error) {
	if len(args) != 1 {
		return filter{}, errWant
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return filter{}, errWant
	}
	f := simple(func(raw string) string {
		if len(raw) <= n || utf8.RuneCountInString(raw) <= n {
			return raw
		}
		runes := []rune(raw)
		return string(runes[:n])
	}, nil)
	f.write = keep
	return f, nil
}
