package json

// Compact is the text of a value without its blanks, nil where it is no JSON.
func Compact(text []byte) []byte {
	if check(text) != nil {
		return nil
	}
	return respace(text, "")
}

// Indent lays the text of a value out for people: a member a line, each level by two blanks.
func Indent(text []byte) []byte { return respace(text, "  ") }

// respace lays valid JSON out anew; without an indent it becomes one line without blanks.
func respace(text []byte, indent string) []byte {
	out := make([]byte, 0, len(text))
	level, quoted := 0, false
	line := func() {
		if indent != "" {
			out = append(out, '\n')
			for range level {
				out = append(out, indent...)
			}
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		last := byte(0)
		if len(out) > 0 {
			last = out[len(out)-1]
		}
		switch {
		case quoted:
			if c == '\\' {
				out = append(out, c)
				i++
				c = text[i]
			} else {
				quoted = c != '"'
			}
			out = append(out, c)
			continue
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '}' || c == ']':
			if level--; last != '{' && last != '[' {
				line()
			}
		case last == '{' || last == '[' || last == ',':
			line()
		}
		out = append(out, c)
		switch c {
		case '"':
			quoted = true
		case '{', '[':
			level++
		case ':':
			if indent != "" {
				out = append(out, ' ')
			}
		}
	}
	return out
}
