package agent

import (
	"context"
	"strconv"
	"time"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/connreq"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/web"
)

// newXMPP builds the connection to an XMPP server. Without Run it only knows its last address, which is all the CLI wants.
func (p *Parts) newXMPP() *connreq.XMPP {
	return connreq.NewXMPP(connreq.XMPPConfig{
		Store: p.Store, Log: p.log.With("part", "xmpp"),
		Settings: func() config.XMPP {
			s := p.settings.Load()
			c := s.XMPP
			c.Enable = c.Enable && s.CPE.Enable && s.ACS.URL != ""
			return c
		},
		Credentials: p.knocker,
		Web: func() web.Config {
			c := p.settings.Load().webConfig(p.Box, p.version, nil, p.log.With("part", "xmpp"))
			c.Pins = nil // are the ACS's
			return c
		},
		OnRequest: func() { call(p.onKnock) },
		OnChange:  func() { call(p.onXMPP) },
	})
}

// xmppFunc is a live value of a row of Device.XMPP.Connection.{i}., by its name in the standard.
func (p *Parts) xmppFunc() source.Func {
	return source.Func{Get: func(_ context.Context, r *source.Reader, row *model.Row, args []string) (string, error) {
		live := p.xmpp.State()
		if c := p.settings.Load().XMPP; live.Section != row.Section || c.Section != row.Section {
			live = connreq.XMPPState{Status: p.idleXMPP(row.Section)}
		}
		switch name := args[0]; name {
		case "Status":
			return live.Status, nil
		case "JabberID":
			if p.settings.Load().XMPP.Section == row.Section {
				return p.xmpp.JabberID(), nil
			}
			return "", nil
		case "TLSEstablished":
			return strconv.FormatBool(live.TLS), nil
		case "LastChangeDate":
			return p.sinceWhen(live.Since), nil
		default:
			n := map[string]uint32{
				"ReceivedMessages": live.Received, "TransmittedMessages": live.Sent,
				"ReceivedErrorMessages": live.ReceivedErrors, "TransmittedErrorMessages": live.SentErrors,
			}[name]
			return strconv.FormatUint(uint64(n), 10), nil
		}
	}}
}

// statusXMPP is how the connection is that is wanted, for `cwmpd status`; "" where none is.
func (p *Parts) statusXMPP() (status, jid string) {
	if s := p.xmpp.State(); s.Section != "" {
		return s.Status, p.xmpp.JabberID()
	}
	return "", ""
}

// idleXMPP is the status of a connection that ConnReqXMPPConnection does not name: it waits for that.
func (p *Parts) idleXMPP(section string) string {
	if pkg, err := p.UCI.Load("cwmp"); err == nil {
		if s := pkg.Section(section); s != nil {
			if on, _ := config.ParseBool(s.Get("enable")); on {
				return connreq.XMPPDormant
			}
		}
	}
	return connreq.XMPPDisabled
}

// sinceWhen is a time that we remember as a dateTime, "" while our clock is not set. A time from before it was set is moved
// with the clock: what counts is how long ago it was.
func (p *Parts) sinceWhen(t time.Time) string {
	if t.IsZero() || !p.Box.ClockSet() {
		return ""
	}
	if past := t.Round(0); time.Now().Round(0).Sub(past)-time.Since(t) > time.Minute {
		t = time.Now().Round(0).Add(-time.Since(t))
	}
	return t.UTC().Format(time.RFC3339)
}
