package bbfdm

import (
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A node is a value of the plugin. A nil node is one that is not there.
type node struct {
	name    string // as a member
	text    string // of a string; of anything else its JSON
	members []*node
	table   bool
}

func parse(text string) (*node, error) {
	v, err := ubus.FromJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	return nodeOf("", v), nil
}

func nodeOf(name string, v ubus.Value) *node {
	n := &node{name: name, text: v.Text(), table: v.Kind() == ubus.KindTable}
	if v.Kind() != ubus.KindString {
		json, _ := v.MarshalJSON()
		n.text = string(json)
	}
	v.Each(func(key string, m ubus.Value) bool {
		n.members = append(n.members, nodeOf(key, m))
		return true
	})
	return n
}

// at returns a member: "uci.section.name". The first element stands for an array.
func (n *node) at(path string) *node {
	for name := range strings.SplitSeq(path, ".") {
		n = n.member(name)
	}
	return n
}

func (n *node) member(name string) *node {
	for n != nil && !n.table && len(n.members) > 0 {
		n = n.members[0]
	}
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// str returns a member's text, "" when it is not there.
func (n *node) str(path string) string {
	if n = n.at(path); n == nil {
		return ""
	}
	return n.text
}

// list returns a member's own members.
func (n *node) list(path string) []*node {
	if n = n.at(path); n == nil {
		return nil
	}
	return n.members
}

// has reports whether a scalar is among those of a member.
func (n *node) has(path, text string) bool {
	for _, m := range n.list(path) {
		if m.text == text {
			return true
		}
	}
	return false
}

func (n *node) isObject() bool { return n.str("type") == "object" }

// control returns a string with control characters, which our files have no way to say.
func (n *node) control() string {
	for _, m := range n.members {
		if bad := m.control(); bad != "" {
			return bad
		}
	}
	for _, text := range [...]string{n.name, n.text} {
		for i := range len(text) {
			if text[i] < ' ' || text[i] == 0x7f {
				return text
			}
		}
	}
	return ""
}
