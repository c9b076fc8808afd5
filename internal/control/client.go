package control

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// A Client is the Door of a running agent, asked over ubus. That no agent is there is a *ubus.StatusError with
// StatusNotFound, or ubus.ErrNotConnected.
type Client struct{ bus *ubus.Client }

var (
	_ Door = (*Client)(nil)
	_ Door = Direct{}
)

// NewClient returns a client of the agent on that bus, which Close closes. Reading a whole tree may take longer than
// the 5 s that a ubus.Client allows by itself.
func NewClient(bus *ubus.Client) *Client { return &Client{bus: bus} }

// Running reports whether there is an agent: an object of our name that has our methods.
func (c *Client) Running(ctx context.Context) bool {
	objects, err := c.bus.Lookup(ctx, Object)
	if err != nil || len(objects) == 0 {
		return false
	}
	_, get := objects[0].Methods["get"]
	_, sessions := objects[0].Methods["sessions"]
	return get && sessions
}

// Close closes the connection to the bus.
func (c *Client) Close() { c.bus.Close() }

// call asks, and turns a refusal into the errors that were refused.
func (c *Client) call(ctx context.Context, method string, args ...any) (ubus.Value, error) {
	v, err := c.bus.Call(ctx, Object, method, ubus.Table(args...))
	if err == nil {
		return v, nil
	}
	var r refusal
	if v.Get("fault").Exists() && decode(v, &r) == nil {
		return ubus.Value{}, r.err()
	}
	return ubus.Value{}, err
}

// pages asks until everything has come.
func pages[T any](ctx context.Context, c *Client, method string, args ...any) ([]T, error) {
	var all []T
	for skip := 0; ; {
		v, err := c.call(ctx, method, append(args[:len(args):len(args)], "skip", skip)...)
		if err != nil {
			return nil, err
		}
		var p page[T]
		if err := decode(v, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Parameters...)
		if p.Next <= skip {
			return all, nil
		}
		skip = p.Next
	}
}

// Get reads the parameters that the paths stand for, each once.
func (c *Client) Get(ctx context.Context, paths []string) ([]Param, error) {
	return pages[Param](ctx, c, "get", "paths", notNil(paths))
}

// Set changes values, all or none.
func (c *Client) Set(ctx context.Context, values [][2]string) error {
	pairs := make([]any, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v[0], v[1])
	}
	_, err := c.call(ctx, "set", "values", ubus.Table(pairs...))
	return err
}

// Add makes a row and returns its path, with the trailing dot.
func (c *Client) Add(ctx context.Context, object string) (string, error) {
	v, err := c.call(ctx, "add", "path", object)
	return v.Get("path").Text(), err
}

// Delete removes rows, all or none.
func (c *Client) Delete(ctx context.Context, objects []string) error {
	_, err := c.call(ctx, "del", "paths", notNil(objects))
	return err
}

// Names lists as GetParameterNames does.
func (c *Client) Names(ctx context.Context, path string, nextLevel bool) ([]Name, error) {
	return pages[Name](ctx, c, "names", "path", path, "next_level", nextLevel)
}

// Attrs lists the attributes of the parameters that the paths stand for.
func (c *Client) Attrs(ctx context.Context, paths []string) ([]Attr, error) {
	return pages[Attr](ctx, c, "attrs", "paths", notNil(paths))
}

// SetAttrs sets the notification of all parameters below the paths.
func (c *Client) SetAttrs(ctx context.Context, paths []string, notification int) error {
	_, err := c.call(ctx, "attrs", "paths", notNil(paths), "notification", notification)
	return err
}

// Inform has a session held. The event is an event code, its number or its name; "" is a connection request.
func (c *Client) Inform(ctx context.Context, event string) error {
	_, err := c.call(ctx, "inform", "event", event)
	return err
}

// Status returns how things stand: phase, step, acs_url, started, retry_count, next_session, next_periodic,
// last_success, last_failure, last_why, successes, failures, events[], reload[].
func (c *Client) Status(ctx context.Context) (ubus.Value, error) { return c.call(ctx, "status") }

// Sessions returns sessions[], the newest last.
func (c *Client) Sessions(ctx context.Context) (ubus.Value, error) { return c.call(ctx, "sessions") }

// Apply sends the reloads that are owed.
func (c *Client) Apply(ctx context.Context) error {
	_, err := c.call(ctx, "apply")
	return err
}

// Reload has the agent read its configuration and its data model again.
func (c *Client) Reload(ctx context.Context) error {
	_, err := c.call(ctx, "reload")
	return err
}
