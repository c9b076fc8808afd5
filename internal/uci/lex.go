package uci

import "strings"

// A lexer walks through a file in libuci's manner. A statement begins on a line of its own; the lexer sees the file
// only up to the end of the lines it has fetched, and fetches the next one inside quotes or after a backslash.
type lexer struct {
	src  string
	pos  int // the next byte
	end  int // of what is fetched; less where a comment or a quirk hides the rest of the line
	next int // where the next line begins
	line int // number of the last line fetched
}

// fetch makes the next line visible, and reports whether there is one.
func (l *lexer) fetch() bool {
	if l.next >= len(l.src) {
		return false
	}
	l.line++
	n := strings.IndexByte(l.src[l.next:], '\n')
	if n < 0 {
		l.next = len(l.src)
	} else {
		l.next += n + 1
	}
	l.end = l.next
	return true
}

// newLine leaves the rest of the current line and goes to the next.
func (l *lexer) newLine() bool {
	l.pos = l.next
	return l.fetch()
}

// cur is the byte at pos, 0 at the end of what is visible.
func (l *lexer) cur() byte {
	if l.pos < l.end {
		return l.src[l.pos]
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (l *lexer) skipSpace() {
	for isSpace(l.cur()) {
		l.pos++
	}
}

// command takes the first word of a statement, which knows no quotes and ends at a space or tab only. ok is false at
// the end of the line.
func (l *lexer) command() (word string, ok bool) {
	for l.cur() == ' ' || l.cur() == '\t' {
		l.pos++
	}
	start := l.pos
	for l.pos < l.end && l.src[l.pos] != ' ' && l.src[l.pos] != '\t' {
		l.pos++
	}
	word = l.src[start:l.pos]
	if l.pos < l.end {
		l.pos++
	}
	return word, word != "" && word[0] != '#'
}

// word takes one argument: quoted and unquoted pieces up to white space, a ; or a #. It is "" where there is none.
func (l *lexer) word() (string, error) {
	l.skipSpace()
	if l.cur() == ';' {
		l.pos++
		return "", nil
	}
	if s, ok := l.quotedWord(); ok {
		return s, nil
	}
	w := wordBuilder{l: l, start: l.pos, copied: l.pos}
	for first := true; first || l.cur() != 0 && !isSpace(l.cur()); first = false {
		c := l.cur()
		switch c {
		case '\'', '"':
			if err := w.quotes(c); err != nil {
				return "", err
			}
		case '#':
			l.end = l.pos // a comment, even inside a word
			return w.finish()
		case 0:
			return w.finish()
		case ';':
			if w.plain() {
				l.end = l.pos // libuci overwrites the ; when it ends the word, and so loses the rest of the line
			}
			return w.finish()
		case '\\':
			w.backslash()
		default:
			l.pos++
		}
	}
	s, err := w.finish()
	if l.cur() != 0 {
		l.pos++
	}
	return s, err
}

// quotedWord is the short way for the most frequent word, 'text' before white space, without a copy.
func (l *lexer) quotedWord() (string, bool) {
	if l.cur() != '\'' {
		return "", false
	}
	text := l.src[l.pos+1 : l.end]
	n := strings.IndexByte(text, '\'')
	if n < 0 || n > maxValue || n+1 >= len(text) || !isSpace(text[n+1]) {
		return "", false
	}
	l.pos += n + 3
	return text[:n], true
}

// A wordBuilder collects the pieces of a word.
type wordBuilder struct {
	l      *lexer
	start  int // of the word in the source
	copied int // the source before this is in b or left out
	b      strings.Builder
}

// plain tells that nothing was left out of the word so far.
func (w *wordBuilder) plain() bool { return w.copied == w.start && w.b.Len() == 0 }

// skip takes what was read since the last skip and leaves the next n bytes out.
func (w *wordBuilder) skip(n int) {
	w.b.WriteString(w.l.src[w.copied:w.l.pos])
	w.l.pos += n
	w.copied = w.l.pos
}

func (w *wordBuilder) finish() (string, error) {
	if w.plain() {
		return w.check(w.l.src[w.start:w.l.pos])
	}
	w.skip(0)
	return w.check(w.b.String())
}

func (w *wordBuilder) check(s string) (string, error) {
	if len(s) > maxValue {
		return "", &SyntaxError{Line: w.l.line, Msg: "word too long"}
	}
	return s, nil
}

// backslash takes the character after a backslash as it is. At the end of a line both vanish.
func (w *wordBuilder) backslash() {
	w.skip(1)
	l := w.l
	switch rest := l.src[l.pos:l.end]; rest {
	case "":
		l.fetch()
	case "\n", "\r\n":
		w.skip(len(rest))
		l.fetch()
	default:
		l.pos++
	}
}

// quotes takes a quoted piece, which may go over many lines.
func (w *wordBuilder) quotes(mark byte) error {
	l, opened := w.l, w.l.line
	w.skip(1)
	for {
		switch c := l.cur(); {
		case c == mark:
			w.skip(1)
			return nil
		case c == 0:
			if !l.fetch() {
				return &SyntaxError{Line: opened, Msg: "quote is never closed"}
			}
		case c == '\\' && mark == '"':
			w.backslash()
		default:
			l.pos++
		}
	}
}
