package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

func informVerb() verb {
	return verb{
		name: "inform", args: "[EVENT]", summary: "have the daemon open a session now",
		help: `EVENT is an event code of TR-069, such as "6 CONNECTION REQUEST" or "X 00D09E test";
without one it is "2 PERIODIC".`,
		run: func(ctx context.Context, o *options, args []string) error {
			c := daemon(ctx, o)
			if c == nil {
				return errDown
			}
			defer c.Close()
			event := strings.Join(args, " ")
			if event == "" {
				event = cwmp.EventPeriodic
			}
			err := c.Inform(ctx, event)
			for _, pe := range model.Errors(err) {
				return usagef("inform: %s", pe.Msg)
			}
			return err
		},
	}
}

func reloadVerb() verb {
	return verb{
		name: "reload", plain: true, summary: "have the daemon read configuration and data model again",
		help: `As SIGHUP does. No session is lost.`,
		run: func(ctx context.Context, o *options, _ []string) error {
			c := daemon(ctx, o)
			if c == nil {
				return errDown
			}
			defer c.Close()
			return c.Reload(ctx)
		},
	}
}

func statusVerb() verb {
	return verb{
		name: "status", plain: true, summary: "tell what the daemon does",
		help: `Its state, its ACS, the next session, what is still to be told, transfers.`,
		run: func(ctx context.Context, o *options, _ []string) error {
			c := daemon(ctx, o)
			if c == nil {
				return errDown
			}
			defer c.Close()
			v, err := c.Status(ctx)
			if err != nil {
				return err
			}
			return show(o, v, printStatus)
		},
	}
}

func sessionsVerb() verb {
	return verb{
		name: "sessions", plain: true, summary: "tell of the last sessions with the ACS",
		help: `One line per session: when, how it ended, how long it took, how many RPCs and
bytes, its events. -v adds every RPC: > is ours, < the ACS's; a fault has its
number. Neither values nor passwords are kept.`,
		run: func(ctx context.Context, o *options, _ []string) error {
			c := daemon(ctx, o)
			if c == nil {
				return errDown
			}
			defer c.Close()
			v, err := c.Sessions(ctx)
			if err != nil {
				return err
			}
			return show(o, v, printSessions)
		},
	}
}

// show prints an answer of the daemon, as it came or for people.
func show[T any](o *options, v ubus.Value, people func(io.Writer, T, bool)) error {
	data, err := v.MarshalJSON()
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(o.stdout, json.Raw(data))
	}
	var answer T
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("the daemon's answer: %w", err)
	}
	people(o.stdout, answer, o.verbose)
	return nil
}

// status is the daemon's answer, as far as people want it.
type status struct {
	Phase        string
	Step         string
	URL          string `json:"acs_url"`
	URLFrom      string `json:"acs_url_from"`
	Started      time.Time
	RetryCount   int       `json:"retry_count"`
	Next         time.Time `json:"next_session"`
	NextPeriodic time.Time `json:"next_periodic"`
	LastSuccess  time.Time `json:"last_success"`
	LastFailure  time.Time `json:"last_failure"`
	LastWhy      string    `json:"last_why"`
	Successes    int
	Failures     int
	Events       []string
	Transfers    []string
	Owed         []string `json:"reload"`
	XMPP         string
	JabberID     string `json:"jabber_id"`
	STUN         string

	Probation *struct {
		New, Old string
		Back     bool
		Until    time.Time
		Tries    int
		Why      string
	}
	GivenUp *struct {
		URL string
		At  time.Time
		Why string
	} `json:"given_up"`
}

func printStatus(w io.Writer, s status, _ bool) {
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-15s %s\n", name, text)
		}
	}
	phase, acs := s.Phase, s.URL
	if s.Step != "" {
		phase += ", " + s.Step
	}
	if s.RetryCount > 0 {
		phase += fmt.Sprintf(" (%d failed in a row)", s.RetryCount)
	}
	if s.URLFrom == "dhcp" {
		acs += ", by DHCP"
	}
	if acs == "" {
		acs = "none is known: set option url of acs in /etc/config/cwmp"
	}
	row("state", phase)
	row("ACS", acs)
	if p := s.Probation; p != nil {
		text, other := "the ACS is new, before it was ", p.Old
		if p.Back {
			text, other = "asked again, for no session was completed with ", p.New
		}
		row("on probation", text+other)
		if p.Tries > 0 {
			fmt.Fprintf(w, "%-15s %d failed with the new one, last: %s\n", "", p.Tries, p.Why)
		}
		if !p.Until.IsZero() {
			fmt.Fprintf(w, "%-15s the other one is asked at %s\n", "", ahead(p.Until))
		}
	}
	if g := s.GivenUp; g != nil {
		row("given up", g.URL+" at "+when(g.At)+": "+g.Why)
	}
	row("XMPP", strings.TrimSpace(s.XMPP+" "+s.JabberID))
	row("STUN", s.STUN)
	row("running since", when(s.Started))
	row("sessions", fmt.Sprintf("%d complete, %d failed", s.Successes, s.Failures))
	row("last success", when(s.LastSuccess))
	row("last failure", when(s.LastFailure))
	if !s.LastFailure.Before(s.LastSuccess) {
		row("", s.LastWhy)
	}
	row("next session", ahead(s.Next))
	row("next periodic", ahead(s.NextPeriodic))
	row("events to tell", strings.Join(s.Events, ", "))
	row("transfers", strings.Join(s.Transfers, ", "))
	row("to be reloaded", strings.Join(s.Owed, ", "))
}

// ahead is when with how long it is until then.
func ahead(t time.Time) string {
	if wait := time.Until(t).Round(time.Second); wait > 0 {
		return when(t) + ", in " + wait.String()
	}
	return when(t)
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// sessions is the daemon's answer, oldest first.
type sessions struct {
	Sessions []struct {
		Start, End time.Time
		URL        string `json:"acs_url"`
		Probation  bool
		OK         bool
		Why        string
		Events     []string
		Calls      []string
		MoreCalls  int `json:"more_calls"`
		BytesOut   int `json:"bytes_out"`
		BytesIn    int `json:"bytes_in"`
	}
}

func printSessions(w io.Writer, list sessions, verbose bool) {
	if len(list.Sessions) == 0 {
		fmt.Fprintln(w, "no session yet")
	}
	for _, s := range list.Sessions {
		result, why := "ok", ""
		if !s.OK {
			result, why = "FAILED", ": "+s.Why
		}
		if s.Probation {
			why += " (on probation: " + s.URL + ")"
		}
		fmt.Fprintf(w, "%s  %-6s %7d ms %4d RPCs %8d B out %8d B in  %s%s\n", when(s.Start), result, s.End.Sub(s.Start).Milliseconds(),
			len(s.Calls)+s.MoreCalls, s.BytesOut, s.BytesIn, strings.Join(s.Events, ", "), why)
		if !verbose {
			continue
		}
		for _, call := range s.Calls {
			fmt.Fprintf(w, "    %s\n", call)
		}
		if s.MoreCalls > 0 {
			fmt.Fprintf(w, "    and %d more\n", s.MoreCalls)
		}
	}
}
