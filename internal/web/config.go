package web

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/cwmpd/cwmpd/internal/slog"
)

// Config says how requests go out. The zero value of each field is usable.
type Config struct {
	Root            string        // the router's root directory; "" means "/"
	CAFile, CADir   string        // further trusted roots, beside ROOT/etc/ssl/certs; paths of the router
	CertFile        string        // our client certificate (PEM); "" means none
	KeyFile         string        // its key; "" means that CertFile holds it too
	Insecure        bool          // do not verify servers: for labs
	AllowDowngrade  bool          // follow redirects from https to http
	AllowBasicPlain bool          // answer a Basic challenge without TLS
	Proxy           string        // URL of an HTTP proxy for all but local hosts; "" means none
	ProxyUser       string        // who we are to it
	ProxyPassword   string        //
	Pins            []string      // "sha256/" with the base64 of a server key's SHA-256, one of which has to be in the chain; none: any
	AllowLocal      bool          // let redirects and transfers go to loopback, link-local and our own addresses
	ForceIPv4       bool          // never use IPv6
	ClockSet        func() bool   // whether the time can be trusted; nil means yes
	UserAgent       string        // "" means "cwmpd"
	Affinity        *Affinity     // remembers addresses between sessions; nil forgets
	ConnectTimeout  time.Duration // for TCP, and again for TLS; 0 means 30 s
	HeaderTimeout   time.Duration // from the end of our request to the end of the answer's header; 0 means 60 s
	BodyTimeout     time.Duration // for a whole answer to Post, for a stretch without progress in Get and Put; 0 means 60 s
	MaxBody         int64         // of an answer to Post, before and after decoding; 0 means 2 MiB
	Log             *slog.Logger  // nil discards

	// Heads is told of every request that was sent, with the head of its answer or why there is none; nil: nobody asks.
	Heads func(req *http.Request, resp *http.Response, err error)
}

// withDefaults fills in what a zero value stands for.
func (c Config) withDefaults() Config {
	if c.Root == "" {
		c.Root = "/"
	}
	if c.ClockSet == nil {
		c.ClockSet = func() bool { return true }
	}
	if c.UserAgent == "" {
		c.UserAgent = "cwmpd"
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 30 * time.Second
	}
	if c.HeaderTimeout <= 0 {
		c.HeaderTimeout = 60 * time.Second
	}
	if c.BodyTimeout <= 0 {
		c.BodyTimeout = 60 * time.Second
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 2 << 20
	}
	if c.Log == nil {
		c.Log = slog.Discard()
	}
	return c
}

// path returns where a file of the router is.
func (c Config) path(name string) string {
	return filepath.Join(c.Root, filepath.Join("/", name))
}
