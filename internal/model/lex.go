package model

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits on what a dropped file may hold: a typing error or a wrong file must not eat the router's memory.
const (
	maxFile  = 1 << 20
	maxLine  = 8 << 10
	maxLines = 20_000
)

// A word is one column of a .dm line. A quoted word is never a separator, a flag or a verb.
type word struct {
	text   string
	quoted bool
}

// A line is one logical line: continuation lines are joined, comments are gone.
type line struct {
	number   int // of its first physical line, from 1
	indented bool
	words    []word
	err      error // why it cannot be split into words
}

// lex splits the text of a .dm file into logical lines and hands them out one after the other, but for empty ones. The words of
// a line are good until the next one.
func lex(data []byte, each func(*line)) error {
	switch {
	case len(data) > maxFile:
		return fmt.Errorf("more than %d bytes", maxFile)
	case !utf8.Valid(data):
		return errors.New("not UTF-8 text")
	}
	var l line
	more := false // the line ends in a backslash so far
	rest := bytes.TrimPrefix(data, []byte("\ufeff"))
	for number := 1; len(rest) > 0; number++ {
		if number > maxLines {
			return fmt.Errorf("more than %d lines", maxLines)
		}
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if !more {
			l = line{number: number, indented: len(text) > 0 && blank(text[0]), words: l.words[:0]}
		}
		var err error
		l.words, more, err = split(l.words, code(text))
		if err != nil && l.err == nil {
			l.err = err
		}
		if !more && (len(l.words) > 0 || l.err != nil) {
			each(&l)
		}
	}
	if more && (len(l.words) > 0 || l.err != nil) { // the file ends in a backslash
		each(&l)
	}
	return nil
}

// code is what a physical line says, without what plainly is a comment; nothing else of the file is kept by its words.
func code(text []byte) string {
	text = bytes.TrimRight(text, "\r \t")
	if said := bytes.TrimLeft(text, " \t"); len(said) == 0 || said[0] == '#' {
		return ""
	}
	return string(text)
}

// split adds the words of one physical line to those before it; more says that the next line continues it.
func split(words []word, text string) (all []word, more bool, err error) {
	if len(text) > maxLine {
		return words, false, fmt.Errorf("line of more than %d bytes", maxLine)
	}
	for i := 0; i < len(text); {
		switch {
		case blank(text[i]):
			i++
		case text[i] == '#':
			return words, false, nil
		case text[i] == '\\' && strings.TrimRight(text[i+1:], " \t") == "":
			return words, true, nil
		default:
			w, n, err := splitWord(text[i:])
			if err != nil {
				return words, false, err
			}
			words = append(words, w)
			i += n
		}
	}
	return words, false, nil
}

// splitWord reads the word that text begins with and says how long it is. Quoted pieces lose their quotes; a group in
// parentheses and a JSON object are taken as they stand, blanks included.
func splitWord(text string) (word, int, error) {
	var b strings.Builder // what the word means, from its first quote on
	plain := true
	w := word{quoted: text[0] == '"'}
	i := 0
	for i < len(text) && !blank(text[i]) {
		n := 1
		var err error
		switch {
		case text[i] == '"':
			if plain {
				b.WriteString(text[:i])
				plain = false
			}
			n, err = quoted(text[i:], &b)
		case text[i] == '(':
			n, err = group(text[i:], '(', ')')
		case text[i] == '{' && isJSON(text[i:]):
			n, err = group(text[i:], '{', '}')
		}
		if err != nil {
			return w, 0, err
		}
		if !plain && text[i] != '"' {
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	if plain {
		w.text = text[:i]
	} else {
		w.text = b.String()
	}
	return w, i, nil
}

// quoted reads "…" with \" and \\ inside, writes what it means and says how long it is.
func quoted(text string, b *strings.Builder) (int, error) {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return 0, fmt.Errorf("%s: the closing quote is missing", excerpt(text))
}

// group measures a group from its opening to its matching closing byte; what is quoted inside does not count.
func group(text string, opening, closing byte) (int, error) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case opening:
			depth++
		case closing:
			if depth--; depth == 0 {
				return i + 1, nil
			}
		case '"':
			var unused strings.Builder
			n, err := quoted(text[i:], &unused)
			if err != nil {
				return 0, err
			}
			i += n - 1
		}
	}
	return 0, fmt.Errorf("%s: the closing %q is missing", excerpt(text), closing)
}

// isJSON tells the arguments of a ubus call from a {placeholder}: a quote follows the brace.
func isJSON(text string) bool {
	inner := strings.TrimLeft(text[1:], " \t")
	return inner != "" && inner[0] == '"'
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// excerpt quotes the beginning of text for a message.
func excerpt(text string) string {
	const most = 40
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…", strings.ToValidUTF8(text[:most], ""))
}
