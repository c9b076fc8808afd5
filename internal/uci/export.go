package uci

import "strings"

// Bytes is the file as `uci commit` writes it.
func (p *Package) Bytes() []byte {
	b := make([]byte, 0, p.size())
	for _, s := range p.Sections {
		b = append(b, "\nconfig "...)
		if strings.ContainsAny(s.Type, `'"\#;`) {
			b = quote(b, s.Type) // libuci writes it bare, and then cannot read it
		} else {
			b = append(b, s.Type...)
		}
		if !s.Anonymous {
			b = quote(append(b, ' '), s.Name)
		}
		b = append(b, '\n')
		for _, o := range s.Options {
			b = o.append(b)
		}
	}
	return append(b, '\n')
}

func (o *Option) append(b []byte) []byte {
	verb := "\toption "
	if o.IsList {
		verb = "\tlist "
	}
	for _, v := range o.Values {
		b = append(append(append(b, verb...), o.Name...), ' ')
		b = append(quote(b, v), '\n')
	}
	return b
}

func (p *Package) size() int {
	n := 1
	for _, s := range p.Sections {
		n += len(s.Type) + len(s.Name) + 12
		for _, o := range s.Options {
			for _, v := range o.Values {
				n += len(o.Name) + len(v) + 12
			}
		}
	}
	return n
}

func quote(b []byte, s string) []byte {
	b = append(b, '\'')
	for {
		before, after, found := strings.Cut(s, "'")
		b = append(b, before...)
		if !found {
			return append(b, '\'')
		}
		b = append(b, `'\''`...)
		s = after
	}
}
