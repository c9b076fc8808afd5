package source

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A step goes from a value to one of its members, or to several.
type step struct {
	kind  stepKind
	name  template // stepName: the member; stepMatch: the value that the member's field must have
	field string   // stepMatch: the field
	index int      // stepIndex
}

type stepKind int

const (
	stepName  stepKind = iota // .name
	stepIndex                 // [3]
	stepMatch                 // [key=value]
	stepAll                   // .*
)

// parsePath compiles `.a.b[3][key=value].*`. A lone "." is the whole answer.
func parsePath(text string) ([]step, error) {
	bad := func(why string) ([]step, error) {
		return nil, fmt.Errorf("path %q: %s; a path is made of .name, [3], [key=value] and .*", text, why)
	}
	if text == "." {
		return nil, nil
	}
	var steps []step
	for rest := text; rest != ""; {
		end := stepEnd(rest)
		word := rest[1:end]
		switch {
		case rest[0] == '.' && word == "*":
			steps = append(steps, step{kind: stepAll})
		case rest[0] == '.' && word != "":
			t, err := parseTemplate(word)
			if err != nil {
				return nil, err
			}
			steps = append(steps, step{name: t})
		case rest[0] == '[' && strings.HasSuffix(word, "]"):
			s, err := parseBracket(strings.TrimSuffix(word, "]"))
			if err != nil {
				return nil, err
			}
			steps = append(steps, s)
		default:
			return bad(fmt.Sprintf("%q is none", rest[:end]))
		}
		rest = rest[end:]
	}
	return steps, nil
}

// stepEnd returns where the step at the beginning of s ends.
func stepEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ']':
			if depth == 0 && s[0] == '[' {
				return i + 1
			}
		case '.', '[':
			if depth == 0 && i > 0 && s[0] != '[' {
				return i
			}
		}
	}
	return len(s)
}

func parseBracket(word string) (step, error) {
	field, value, ok := strings.Cut(word, "=")
	if !ok {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return step{}, fmt.Errorf("[%s]: want [NUMBER] or [FIELD=VALUE]", word)
		}
		return step{kind: stepIndex, index: n}, nil
	}
	t, err := parseTemplate(value)
	if field == "" || err != nil {
		return step{}, fmt.Errorf("[%s]: want [NUMBER] or [FIELD=VALUE]", word)
	}
	return step{kind: stepMatch, field: field, name: t}, nil
}

// one follows the steps from v, taking the first where there are several.
func one(r *Reader, row *model.Row, v ubus.Value, steps []step) ubus.Value {
	for i := range steps {
		s := &steps[i]
		switch s.kind {
		case stepName:
			name, _ := s.name.expand(r, row)
			v = v.Get(name)
		case stepIndex:
			v = element(v, s.index)
		case stepMatch:
			want, whole := s.name.expand(r, row)
			v = firstMatch(v, s.field, want, whole)
		case stepAll:
			v = v.Index(0)
		}
		if !v.Exists() {
			break
		}
	}
	return v
}

func element(v ubus.Value, i int) ubus.Value {
	if v.Kind() != ubus.KindArray {
		return ubus.Value{}
	}
	return v.Index(i)
}

func firstMatch(v ubus.Value, field, want string, whole bool) ubus.Value {
	if !whole {
		return ubus.Value{}
	}
	for _, m := range v.All() {
		if is(m.Get(field), want) {
			return m
		}
	}
	return ubus.Value{}
}

// is compares without making text of what is text already; a bool is 1, 0, true or false.
func is(v ubus.Value, want string) bool {
	if v.Kind() == ubus.KindBool {
		return v.Bool() == (want == "1" || want == "true") && (want == "1" || want == "0" || want == "true" || want == "false")
	}
	return v.Exists() && v.Text() == want
}

// every follows the steps to all values that they lead to and calls visit with each and the name of the member that
// `.*` chose; of several `.*` the names with / between them.
func every(r *Reader, row *model.Row, v ubus.Value, steps []step, name string, visit func(name string, v ubus.Value)) {
	if !v.Exists() {
		return
	}
	if len(steps) == 0 {
		visit(name, v)
		return
	}
	s := &steps[0]
	if s.kind != stepAll && s.kind != stepMatch {
		every(r, row, one(r, row, v, steps[:1]), steps[1:], name, visit)
		return
	}
	want, whole := s.name.expand(r, row)
	for key, m := range v.All() {
		if s.kind == stepAll {
			if name != "" {
				key = name + "/" + key
			}
			every(r, row, m, steps[1:], key, visit)
		} else if whole && is(m.Get(s.field), want) {
			every(r, row, m, steps[1:], name, visit)
		}
	}
}

// plural reports whether the steps may lead to several values as a rule.
func plural(steps []step) bool {
	for i := range steps {
		if steps[i].kind == stepAll {
			return true
		}
	}
	return false
}
