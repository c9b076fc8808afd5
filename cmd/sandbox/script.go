package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// scriptHelp describes the language of scripts, for --help.
const scriptHelp = `A script is a conversation, one statement per line; # starts a comment.

  say TEXT                     print a line between the steps
  wait EVENT[, EVENT...]       wait for an Inform that lists these events
  expect NAME TEXT             wait for a message of the CPE that contains TEXT
  connect                      send a connection request (with the credentials last set, or --knock)
  quiet SECONDS                nothing may come for so long
  done                         wait for the end of the session
  METHOD ARGUMENT...           call the CPE; the calls up to the next other statement
                               go into one session
  METHOD ... => TEXT           the answer must contain TEXT ("Status=1", "Fault 9003")

METHOD is one of
`

// A statement is one line of a script.
type statement struct {
	line   int
	verb   string // a lower-case verb, or "call"
	text   string // what stands behind the verb, trimmed
	call   cwmptest.Call
	expect string   // the answer must contain this; "" for anything but a fault
	body   []string // the lines of a `file` statement
}

// verbsOf lists the statements that a script may hold beside calls.
var acsVerbs = []string{"say", "wait", "expect", "connect", "quiet", "done"}

// parseScript reads a script; verbs are the statements allowed beside calls.
func parseScript(r io.Reader, verbs []string) ([]statement, error) {
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, err
	}
	var list []statement
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s := statement{line: i + 1}
		verb, rest, _ := strings.Cut(text, " ")
		s.verb, s.text = verb, strings.TrimSpace(rest)
		if first := verb[0]; first >= 'A' && first <= 'Z' {
			s.verb = "call"
			s.text, s.expect = cutExpected(text)
			if s.call, err = cwmptest.ParseCall(s.text); err != nil {
				return nil, fmt.Errorf("line %d: %w", s.line, err)
			}
		} else if !slices.Contains(verbs, verb) {
			return nil, fmt.Errorf("line %d: unknown statement %q: want one of %s, or a method of TR-069", s.line, verb, strings.Join(verbs, ", "))
		}
		if verb == "file" { // its lines follow, indented
			for i+1 < len(lines) && (strings.HasPrefix(lines[i+1], "\t") || lines[i+1] == "") {
				i++
				s.body = append(s.body, strings.TrimPrefix(lines[i], "\t"))
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// cutExpected cuts CALL => TEXT at the first arrow that is not in quotes.
func cutExpected(text string) (call, expect string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], " => "):
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+4:])
		}
	}
	return text, ""
}
