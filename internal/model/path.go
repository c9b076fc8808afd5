package model

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPath is how many characters a path name may have.
const maxPath = 256

// instanceOf is the placeholder for an instance number in the path of a definition.
const instanceOf = "{i}"

// A step is one dot-separated part of a path; rest is what follows the dot.
func step(path string) (name, rest string, dot bool) {
	return strings.Cut(path, ".")
}

// An identifier is how a path picks a row: by number, by alias, or all of them.
type identifier struct {
	number uint32
	alias  string
	all    bool
}

// identify reads one identifier. Instance numbers are written one way only: no sign, no leading zero.
func (c *compiled) identify(text string) (identifier, bool) {
	switch {
	case text == "*":
		return identifier{all: true}, c.wildcard
	case strings.HasPrefix(text, "["):
		alias, ok := strings.CutSuffix(text[1:], "]")
		return identifier{alias: alias}, ok && c.aliases && alias != "" && len(alias) <= 64 && formAlias(alias) == nil
	case text == "" || text[0] < '1' || text[0] > '9':
		return identifier{}, false
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return identifier{number: uint32(n)}, err == nil
}

// A place is what a path names by its definition alone: an object, a table as a whole, or a parameter.
type place struct {
	object *object // nil for "", which stands for everything
	table  bool    // the table itself, not a row of it
	param  *param
}

// def is nil for "".
func (p place) def() *Def {
	switch {
	case p.param != nil:
		return &p.param.def
	case p.object != nil:
		return &p.object.def
	}
	return nil
}

// locate finds the definition behind a path in one pass over it. Whether the rows exist is not asked.
func (c *compiled) locate(path string) (place, error) {
	if len(path) > maxPath && utf8.RuneCountInString(path) > maxPath {
		return place{}, &ParamError{Path: clip(path), Reason: Unknown, Msg: "longer than 256 characters"}
	}
	if path == "" {
		return place{}, nil
	}
	name, rest, dot := step(path)
	o := find(c.roots, name)
	if o == nil || !dot {
		return place{}, &ParamError{Path: path, Reason: Unknown}
	}
	for rest != "" {
		name, rest, dot = step(rest)
		if !dot {
			if p := o.param(name); p != nil {
				return place{object: o, param: p}, nil
			}
			return place{}, &ParamError{Path: path, Reason: Unknown}
		}
		child := o.child(name)
		if child == nil {
			return place{}, &ParamError{Path: path, Reason: Unknown}
		}
		o = child
		if !o.isTable() {
			continue
		}
		if rest == "" {
			return place{object: o, table: true}, nil
		}
		if name, rest, dot = step(rest); !dot {
			return place{}, &ParamError{Path: path, Reason: Unknown}
		}
		if _, ok := c.identify(name); !ok {
			return place{}, &ParamError{Path: path, Reason: Unknown}
		}
	}
	return place{object: o}, nil
}

// clip shortens a path that is too long to be repeated in a message.
func clip(path string) string {
	return strings.ToValidUTF8(path[:maxPath], "") + "…"
}

// Cover returns paths without duplicates and without those that lie below another one, in order: the same parameters, each
// once. Unknown paths may vanish in it: see Tx.Check.
func Cover(paths []string) []string {
	fresh := make(map[string]bool, len(paths)) // of every path given: not yet in cover
	for _, p := range paths {
		fresh[p] = true
	}
	var cover []string
	for _, p := range paths {
		if fresh[p] && !covered(fresh, p) {
			cover = append(cover, p)
		}
		fresh[p] = false
	}
	return cover
}

// covered looks for a partial path above p; it is linear in p's dots.
func covered(given map[string]bool, p string) bool {
	if _, all := given[""]; all && p != "" {
		return true
	}
	for i := 0; i < len(p)-1 && i < maxPath; i++ {
		if p[i] != '.' {
			continue
		}
		if _, ok := given[p[:i+1]]; ok {
			return true
		}
	}
	return false
}
