package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// A template is a word of a .dm line with its placeholders found: {let}, {section}, {key}, {n}, {parent.…}, {.option}.
type template struct {
	text  string // as written
	parts []part // empty when the word holds no placeholder
}

type part struct {
	lit  string // text before name
	name string // placeholder, "" at the end
}

// parseTemplate finds the placeholders of word. A brace before a quote, a blank or another brace is JSON, not ours.
func parseTemplate(word string) (template, error) {
	t := template{text: word}
	lit, rest := "", word
	for {
		i := strings.IndexByte(rest, '{')
		if i < 0 || i+1 >= len(rest) {
			break
		}
		if !nameStart(rest[i+1]) {
			lit += rest[:i+1]
			rest = rest[i+1:]
			continue
		}
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			return t, fmt.Errorf("%q: a placeholder without its closing brace", word)
		}
		name := rest[i+1 : i+end]
		if !validPlaceholder(name) {
			return t, fmt.Errorf("%q: {%s} is not a placeholder: want {name}, {parent.name} or {.option}", word, name)
		}
		t.parts = append(t.parts, part{lit + rest[:i], name})
		lit, rest = "", rest[i+end+1:]
	}
	if len(t.parts) > 0 && lit+rest != "" {
		t.parts = append(t.parts, part{lit: lit + rest})
	}
	return t, nil
}

func nameStart(c byte) bool {
	return c == '.' || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func validPlaceholder(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; !nameStart(c) && (c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && name != "." && !strings.HasSuffix(name, ".") && !strings.Contains(name, "..")
}

func (t *template) fixed() bool { return len(t.parts) == 0 }

// expand fills the placeholders in. It reports false when one of them is empty: what such a word would name does not
// exist now.
func (t *template) expand(r *Reader, row *model.Row) (string, bool) {
	return t.expandWith(r, row, nil)
}

// expandWith is expand with a function that every filled-in value passes through.
func (t *template) expandWith(r *Reader, row *model.Row, quote func(string) string) (string, bool) {
	if len(t.parts) == 0 {
		return t.text, true
	}
	if len(t.parts) == 1 && t.parts[0].lit == "" && quote == nil {
		v := placeholder(r, row, t.parts[0].name)
		return v, v != ""
	}
	var buf [96]byte
	b, whole := buf[:0], true
	for _, p := range t.parts {
		b = append(b, p.lit...)
		if p.name == "" {
			continue
		}
		v := placeholder(r, row, p.name)
		if v == "" {
			whole = false
		}
		if quote != nil {
			v = quote(v)
		}
		b = append(b, v...)
	}
	return string(b), whole
}

// placeholder returns the value of {name} for row.
func placeholder(r *Reader, row *model.Row, name string) string {
	if row == nil {
		return ""
	}
	if name[0] == '.' {
		return r.option(row, name[1:])
	}
	return row.Var(name)
}

// below makes of a template for a row one for the parent of the rows that a table's clause is about: {parent.section}
// of such a row is the {section} of its parent.
func (t *template) below() {
	for i := range t.parts {
		t.parts[i].name = strings.TrimPrefix(t.parts[i].name, "parent.")
	}
}

// numbered fills in {n} of a row that is to be made.
func (t *template) numbered(n uint32) *template {
	if t.fixed() {
		return t
	}
	out := &template{text: t.text, parts: slices.Clone(t.parts)}
	for i, p := range out.parts {
		if p.name == "n" {
			out.parts[i] = part{lit: p.lit + strconv.FormatUint(uint64(n), 10)}
		}
	}
	return out
}

func pointers(list []template) []*template {
	out := make([]*template, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// parseTemplates does parseTemplate to every word.
func parseTemplates(words []string) ([]template, error) {
	out := make([]template, len(words))
	for i, w := range words {
		t, err := parseTemplate(w)
		if err != nil {
			return nil, err
		}
		out[i] = t
	}
	return out, nil
}

// splitDots cuts a word at its dots, those within braces and brackets excepted.
func splitDots(word string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(word); i++ {
		switch word[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '.':
			if depth == 0 {
				out = append(out, word[start:i])
				start = i + 1
			}
		}
	}
	return append(out, word[start:])
}
