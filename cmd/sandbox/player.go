package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// patience is how long the ACS keeps a session open for the next statement.
const patience = 300 * time.Millisecond

// A player plays a script as the ACS: it follows the messages of the CPE one by one and holds them against the script.
type player struct {
	acs   *cwmptest.ACS
	talk  *talk
	wait  time.Duration // the longest a step may take
	seen  int           // messages looked at
	knock [2]string     // credentials of connection requests
	crMu  sync.Mutex
	crURL string // ConnectionRequestURL of the last Inform, guarded by crMu
	extra map[string]func(context.Context, statement) error
}

// play runs the statements; the error names the line that did not come true.
func (p *player) play(ctx context.Context, script []statement) error {
	for i := 0; i < len(script); i++ {
		var err error
		if n := sessionLength(script[i:]); n > 0 {
			err = p.session(ctx, script[i:i+n])
			i += n - 1
		} else {
			err = p.step(ctx, script[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sessionLength counts the statements that go into one session: calls, and what only looks on between them.
func sessionLength(script []statement) int {
	last := 0
	for i, s := range script {
		switch s.verb {
		case "call":
			last = i + 1
		case "say", "diff":
		default:
			return last
		}
	}
	return last
}

func (p *player) step(ctx context.Context, s statement) error {
	var err error
	switch s.verb {
	case "say":
		p.talk.title(s.text)
	case "wait":
		err = p.waitFor(ctx, s.text)
	case "expect":
		err = p.expect(ctx, s.text)
	case "connect":
		err = p.connect(ctx)
	case "done":
		err = p.sessionEnd(ctx)
	case "quiet":
		err = p.quiet(ctx, s.text)
	default:
		err = p.extra[s.verb](ctx, s)
	}
	if err != nil {
		return fmt.Errorf("line %d: %s %s: %w", s.line, s.verb, s.text, err)
	}
	return nil
}

// next returns the next message of the CPE and prints it.
func (p *player) next(ctx context.Context) (cwmptest.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	m, err := p.acs.Next(ctx, p.seen)
	if err != nil {
		return m, fmt.Errorf("nothing came for %v", p.wait)
	}
	p.seen++
	if m.Name == "Inform" {
		if url := m.Values()["Device.ManagementServer.ConnectionRequestURL"]; url != "" {
			p.crMu.Lock()
			p.crURL = url
			p.crMu.Unlock()
		}
	}
	if m.Name != "" {
		p.talk.message(m)
	}
	return m, nil
}

// waitFor waits for an Inform with these events.
func (p *player) waitFor(ctx context.Context, events string) error {
	want := strings.Split(events, ",")
	for {
		m, err := p.next(ctx)
		if err != nil {
			return err
		}
		if m.Name != "Inform" {
			continue
		}
		has := func(e string) bool {
			return slices.ContainsFunc(m.Events(), func(got string) bool { return got == e || strings.HasPrefix(got, e+" ") })
		}
		missing := slices.DeleteFunc(slices.Clone(want), func(e string) bool { return has(strings.TrimSpace(e)) })
		if len(missing) == 0 {
			return nil
		}
	}
}

// expect waits for a message of a name that contains a text.
func (p *player) expect(ctx context.Context, text string) error {
	name, text, _ := strings.Cut(text, " ")
	for {
		m, err := p.next(ctx)
		if err != nil {
			return err
		}
		if m.Name == name && strings.Contains(strings.Join(cwmptest.Describe(m), "\n"), strings.TrimSpace(text)) {
			return nil
		}
	}
}

// session queues the calls of one session and checks the answers as they come.
func (p *player) session(ctx context.Context, list []statement) error {
	var calls []cwmptest.Call
	for _, s := range list {
		if s.verb == "call" {
			calls = append(calls, s.call)
			p.remember(s.text)
		}
	}
	p.acs.Ask(calls...)
	for _, s := range list {
		if s.verb != "call" {
			if err := p.step(ctx, s); err != nil {
				return err
			}
			continue
		}
		p.talk.acs("%s", clipLine(hideSecrets(p.acs.Fill(s.text))))
		m, err := p.next(ctx)
		for err == nil && (m.IsRequest() || m.Name == "") {
			m, err = p.next(ctx)
		}
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", s.line, s.text, err)
		}
		answer := strings.Join(cwmptest.Describe(m), "\n")
		switch {
		case s.expect == "" && m.Name == "Fault":
			return fmt.Errorf("line %d: %s: a fault came", s.line, s.text)
		case s.expect != "" && !strings.Contains(answer, s.expect):
			return fmt.Errorf("line %d: %s: %q is not in the answer", s.line, s.text, s.expect)
		}
	}
	return nil
}

// remember keeps the connection request credentials that the script gives to the CPE.
func (p *player) remember(call string) {
	words, _ := cwmptest.Words(call)
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		name, _, _ = strings.Cut(name, ":")
		switch {
		case strings.HasSuffix(name, ".ConnectionRequestUsername"):
			p.knock[0] = value
		case strings.HasSuffix(name, ".ConnectionRequestPassword"):
			p.knock[1] = value
		}
	}
}

func (p *player) connect(ctx context.Context) error {
	p.crMu.Lock()
	url := p.crURL
	p.crMu.Unlock()
	if url == "" {
		return fmt.Errorf("no Inform told a ConnectionRequestURL yet")
	}
	p.talk.acs("connection request: GET %s", url)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &digest.Transport{Username: p.knock[0], Password: p.knock[1]}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	p.talk.cpe("HTTP %s", resp.Status)
	if resp.StatusCode == http.StatusUnauthorized {
		return fmt.Errorf("the connection request was answered %s: give --knock USER:PASSWORD, or set ConnectionRequestUsername and …Password first", resp.Status)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the connection request was answered %s", resp.Status)
	}
	return nil
}

// sessionEnd waits until the CPE has closed the connection of the last session, and passes over what it still said in it.
func (p *player) sessionEnd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	if err := p.acs.Settled(ctx); err != nil || p.seen == 0 {
		return err
	}
	all := p.acs.Messages()
	for session := all[p.seen-1].Session; p.seen < len(all) && all[p.seen].Session == session; {
		if _, err := p.next(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) quiet(ctx context.Context, seconds string) error {
	n, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, time.Duration(n*float64(time.Second)))
	defer cancel()
	if m, err := p.acs.Next(short, p.seen); err == nil {
		return fmt.Errorf("%s came", strings.Join(cwmptest.Describe(m), " "))
	}
	return ctx.Err()
}

// secret is what parameters and arguments are called that nobody should read over a shoulder.
var secret = regexp.MustCompile(`(?i)(password|passphrase|key|secret)$`)

// hideSecrets leaves passwords out of what is printed.
func hideSecrets(call string) string {
	words, err := cwmptest.Words(call)
	if err != nil {
		return call
	}
	for i, w := range words {
		name, _, ok := strings.Cut(w, "=")
		path, _, _ := strings.Cut(name, ":")
		if ok && i > 0 && path != "key" && secret.MatchString(path) {
			words[i] = name + "=…"
		} else if strings.ContainsAny(w, " \t") {
			words[i] = strconv.Quote(w)
		}
	}
	return strings.Join(words, " ")
}
