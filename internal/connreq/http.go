package connreq

import (
	"context"
	"log/slog"
)

// HTTPConfig says how an HTTP listener for connection requests behaves.
type HTTPConfig struct {
	Root        string                     // the router's root directory; "" means "/"
	Port        int                        // the port asked for; 0 means any free one
	Path        string                     // "" and "/" mean our own random path
	Settings    func() (int, string)       // port and path, asked at start and at Reload; nil means Port and Path for ever
	Credentials func() (user, pass string) // asked at each request, must not block; required
	OnRequest   func()                     // called after each accepted request, from the request's goroutine; must not block; required
	OnChange    func()                     // called when what URL returns may have changed; nil means nobody asks
	Enabled     func() bool                // asked at start and at Reload; nil means always
	Log         *slog.Logger               // nil discards
}

// HTTP listens for connection requests over HTTP.
type HTTP struct{ cfg HTTPConfig }

// NewHTTP returns a listener that does nothing until Run.
func NewHTTP(cfg HTTPConfig) *HTTP { return &HTTP{cfg: cfg} }

// Run listens until ctx ends.
func (h *HTTP) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// URL returns the connection request URL for a host, "" while the port is closed.
func (h *HTTP) URL(host string) string { return "" }

// Reload makes Run ask for its settings again.
func (h *HTTP) Reload() {}
