package uci

import "strings"

// deltaOps are the commands of a delta line by their first character; a line without one sets.
var deltaOps = map[byte]Op{
	'+': OpAdd,
	'-': OpDelete,
	'@': OpRename,
	'^': OpOrder,
	'|': OpListAdd,
	'~': OpListDel,
}

// parseDelta reads the uncommitted changes of a package. Lines that libuci skips are skipped, without a word as there.
func parseDelta(pkg string, data []byte) []Edit {
	src := string(data[:min(len(data), maxFile)])
	if strings.IndexByte(src, 0) >= 0 {
		src = strings.ReplaceAll(src, "\x00", "")
	}
	l := &lexer{src: src}
	var edits []Edit
	for l.newLine() {
		word, err := l.word()
		if err != nil || l.cur() != 0 {
			continue
		}
		if e, ok := parseDeltaWord(pkg, word); ok {
			edits = append(edits, e)
		}
	}
	return edits
}

// parseDeltaWord reads one change: [command]package.section[.option][='value'], its quotes already gone.
func parseDeltaWord(pkg, word string) (Edit, bool) {
	if word == "" {
		return Edit{}, false
	}
	op, ok := deltaOps[word[0]]
	if ok {
		word = word[1:]
	}
	target, value, valued := strings.Cut(word, "=")
	parts := strings.Split(target, ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != pkg || !ValidName(parts[1]) || CheckValue(value) != nil {
		return Edit{}, false
	}
	e := Edit{Op: op, Package: pkg, Section: parts[1]}
	if len(parts) == 3 {
		if e.Option = parts[2]; !ValidName(e.Option) {
			return Edit{}, false
		}
	}
	if !valued && op != OpDelete {
		return Edit{}, false
	}
	return e.ofDelta(value)
}

// ofDelta completes an edit of a delta line by its value.
func (e Edit) ofDelta(value string) (Edit, bool) {
	onOption := e.Option != ""
	switch e.Op {
	case OpSet, OpAdd: // libuci makes no difference but for the missing name
		if onOption {
			e.Op, e.Values = OpSet, []string{value}
			return e, true
		}
		if value == "" {
			e.Op = OpDelete
			return e, true
		}
		e.Anonymous = e.Op == OpAdd
		e.Op, e.Type = OpAdd, value
		return e, ValidType(value)
	case OpDelete:
		if onOption {
			e.Op = OpUnset
			if value != "" {
				e.Values = []string{value}
			}
		}
		return e, true
	case OpRename:
		e.Values = []string{value}
		return e, ValidName(value)
	case OpOrder:
		e.Values = []string{value}
		return e, !onOption
	}
	e.Values = []string{value}
	return e, onOption
}
