package model

import (
	"errors"
	"strconv"
	"strings"
)

// maxItem bounds the slots that `item` and AddObject-less ACSs can ask for.
const maxItem = 255

// makeItem: one slot of a list, from 0. Slots may be written in any order within a transaction: gaps stay open until
// the source writes the list, which closes them.
func makeItem(args []string, _ bool) (filter, error) {
	if len(args) != 1 {
		return filter{}, errWant
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 || n > maxItem {
		return filter{}, errWant
	}
	return filter{
		read: func(_ *Tx, raw string) string {
			items := splitList(raw)
			if n >= len(items) {
				return ""
			}
			return items[n]
		},
		write: func(_ *Tx, value, old string) (string, error) {
			items := splitList(old)
			for len(items) <= n {
				items = append(items, "")
			}
			items[n] = value
			for len(items) > 0 && items[len(items)-1] == "" {
				items = items[:len(items)-1]
			}
			return joinList(items), nil
		},
	}, nil
}

// makeList: a scalar that holds several items; " " is any white space.
func makeList(args []string, _ bool) (filter, error) {
	if len(args) != 1 || args[0] == "" {
		return filter{}, errWant
	}
	separator := args[0]
	split := func(raw string) []string {
		if strings.TrimSpace(separator) == "" {
			return strings.Fields(raw)
		}
		if raw == "" {
			return nil
		}
		return strings.Split(raw, separator)
	}
	return filter{
		read: func(_ *Tx, raw string) string {
			if strings.HasPrefix(raw, ListSep) {
				return raw
			}
			return joinList(split(raw))
		},
		write: func(_ *Tx, value, _ string) (string, error) {
			items := splitList(value)
			for _, item := range items {
				if len(split(item)) != 1 {
					return "", errors.New("an item holds the character that separates items on the router")
				}
			}
			return strings.Join(items, separator), nil
		},
	}, nil
}

// makeEntry: the rest of the list item that begins with PREFIX, such as dhcp_option's "6,".
func makeEntry(args []string, _ bool) (filter, error) {
	if len(args) != 1 || args[0] == "" {
		return filter{}, errWant
	}
	prefix := args[0]
	return filter{
		read: func(_ *Tx, raw string) string {
			for _, item := range splitList(raw) {
				if rest, ok := strings.CutPrefix(item, prefix); ok {
					return rest
				}
			}
			return ""
		},
		write: func(_ *Tx, value, old string) (string, error) {
			if strings.HasPrefix(value, ListSep) {
				return "", errors.New("a list does not fit into one item")
			}
			var items []string
			done := value == ""
			for _, item := range splitList(old) {
				switch {
				case !strings.HasPrefix(item, prefix):
					items = append(items, item)
				case !done:
					items = append(items, prefix+value)
					done = true
				}
			}
			if !done {
				items = append(items, prefix+value)
			}
			return joinList(items), nil
		},
	}, nil
}
