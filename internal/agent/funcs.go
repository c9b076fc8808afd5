package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/source"
)

// value makes a `call` function of one that depends on nothing but the agent.
func value(get func(ctx context.Context, args []string) (string, error)) source.Func {
	return source.Func{Get: func(ctx context.Context, _ *source.Reader, _ *model.Row, args []string) (string, error) {
		return get(ctx, args)
	}}
}

// funcs are the values that only the running agent knows, by their name in a .dm file's `call`.
func (p *Parts) funcs() map[string]source.Func {
	return map[string]source.Func{
		"agent.identity": value(func(_ context.Context, args []string) (string, error) {
			id := p.settings.Load().id
			for _, f := range []struct{ name, text string }{
				{"manufacturer", id.Manufacturer}, {"oui", id.OUI}, {"productclass", id.ProductClass}, {"serial", id.Serial},
			} {
				if len(args) == 1 && args[0] == f.name {
					return f.text, nil
				}
			}
			return "", fmt.Errorf("agent.identity %v: want manufacturer, oui, productclass or serial", args)
		}),
		"agent.software_version": value(func(context.Context, []string) (string, error) {
			return p.settings.Load().CPE.SoftwareVersion, nil
		}),
		"agent.connreq_url": value(func(ctx context.Context, _ []string) (string, error) {
			return p.connReqURL(ctx), nil
		}),
		"agent.gateway": value(func(_ context.Context, args []string) (string, error) {
			gateway := p.gateway()
			return map[string]string{"oui": gateway.OUI, "serial": gateway.Serial, "class": gateway.Class}[strings.Join(args, " ")], nil
		}),
		"agent.connreq_udp": value(func(ctx context.Context, _ []string) (string, error) {
			return p.udp.Address(p.ownHost(ctx)), nil
		}),
		"agent.nat_detected": value(func(context.Context, []string) (string, error) {
			return strconv.FormatBool(p.udp.NATDetected()), nil
		}),
		"agent.xmpp": p.xmppFunc(),
		"agent.jabber_id": value(func(context.Context, []string) (string, error) {
			return p.xmpp.JabberID(), nil
		}),
		"agent.time_left": {Get: p.timeLeft},
		"agent.first_use": value(func(context.Context, []string) (string, error) {
			return p.firstUse(), nil
		}),
	}
}

// firstUseState is the state file that holds when the agent first ran with a clock that was set.
const firstUseState = "firstuse"

// firstUse is Device.DeviceInfo.FirstUseDate, "" while it is not known.
func (p *Parts) firstUse() string {
	var when time.Time
	if p.Store.Load(firstUseState, &when) != nil || when.IsZero() {
		return ""
	}
	return when.UTC().Format(time.RFC3339)
}

func (p *Parts) rememberFirstUse() {
	var when time.Time
	if p.Store.Load(firstUseState, &when) == nil || !p.Box.ClockSet() {
		return
	}
	if err := p.Store.Save(firstUseState, time.Now().UTC().Truncate(time.Second)); err != nil {
		p.log.Warn("remember the first use", "err", err)
	}
}
