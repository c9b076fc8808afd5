package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

var acsVerb = verb{name: "acs", synopsis: "[OPTION...]", about: "be a small ACS, by script or by hand", run: runACS}

const aboutACS = `
Accepts every CPE and prints what is said. Without --script, statements are read
from the standard input while it runs: a call goes into the session that is open,
else into the next one. With --script, the script is played and the exit status
is 0 when all of it came true, else 1 and the line that did not is named.

`

func runACS(ctx context.Context, args []string, out io.Writer) error {
	f := flagsOf(verb{name: "acs", synopsis: "[OPTION...]"}, out, aboutACS+scriptHelp+"  "+strings.Join(cwmptest.Methods, "\n  "))
	listen := f.String("listen", "127.0.0.1:7547", "`ADDRESS` to listen on, 127.0.0.1:7547 by itself")
	script := f.String("script", "", "`FILE` to play; - is the standard input")
	user := f.String("user", "", "`NAME` that the CPE has to authenticate with (digest)")
	password := f.String("password", "", "`PASSWORD` that goes with it")
	knock := f.String("knock", "", "`USER:PASSWORD` of connection requests")
	wait := f.Duration("wait", time.Minute, "`TIME` that a statement of the script may take, 1m by itself")
	verbose := f.BoolP("verbose", "v", false, "print every line of every answer")
	if err := parse(f, args, 0); err != nil {
		return err
	}
	acs, err := cwmptest.Listen(*listen)
	if err != nil {
		return err
	}
	defer acs.Close()
	acs.Patience = patience
	if *user != "" {
		acs.RequireDigest(*user, *password)
	}
	p := &player{acs: acs, talk: newTalk(out, *verbose), wait: *wait}
	p.knock[0], p.knock[1], _ = strings.Cut(*knock, ":")
	p.talk.router("the ACS is at %s", acs.URL)
	if *script == "" {
		return p.byHand(ctx, os.Stdin)
	}
	statements, err := readScript(*script)
	if err != nil {
		return err
	}
	if err := p.play(ctx, statements); err != nil {
		return fmt.Errorf("%s: %w", *script, err)
	}
	return p.manners()
}

func readScript(name string) ([]statement, error) {
	in := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	list, err := parseScript(in, acsVerbs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// manners tells how the CPE broke the rules that hold for every message.
func (p *player) manners() error {
	if broken := p.acs.Violations(); len(broken) > 0 {
		return fmt.Errorf("the CPE broke %d rules: %s", len(broken), strings.Join(broken, "; "))
	}
	return nil
}

// byHand prints what comes and sends what a person types, until ctx ends. The end of the input only ends the typing.
func (p *player) byHand(ctx context.Context, in io.Reader) error {
	go func() {
		for sc := bufio.NewScanner(in); sc.Scan(); {
			if err := p.typed(ctx, sc.Text()); err != nil {
				p.talk.wrong("%s", strings.TrimPrefix(err.Error(), "line 1: "))
			}
		}
	}()
	for {
		m, err := p.acs.Next(ctx, p.seen)
		if err != nil {
			return nil
		}
		p.seen++
		if url := m.Values()["Device.ManagementServer.ConnectionRequestURL"]; m.Name == "Inform" && url != "" {
			p.crMu.Lock()
			p.crURL = url
			p.crMu.Unlock()
		}
		if m.Name != "" {
			p.talk.message(m)
		}
	}
}

func (p *player) typed(ctx context.Context, line string) error {
	if strings.TrimSpace(line) == "help" {
		p.talk.router("type connect for a connection request, or a call:\n  %s", strings.Join(cwmptest.Methods, "\n  "))
		return nil
	}
	list, err := parseScript(strings.NewReader(line), []string{"connect", "help"})
	if err != nil || len(list) == 0 {
		return err
	}
	if list[0].verb == "connect" {
		return p.connect(ctx)
	}
	p.remember(list[0].text)
	p.acs.Ask(list[0].call)
	p.talk.acs("%s", clipLine(hideSecrets(list[0].text)))
	return nil
}
