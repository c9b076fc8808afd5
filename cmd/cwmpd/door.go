package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/agent"
	"github.com/cwmpd/cwmpd/internal/control"
	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// open returns the way to the data model: the daemon's when it runs, else the router's files. The caller closes it.
func open(ctx context.Context, o *options, writes bool) (control.Door, func(), error) {
	c := running(ctx, o)
	if writes && c == nil {
		c = daemon(ctx, o)
	}
	if c != nil {
		return c, c.Close, nil
	}
	parts, err := local(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	closeAll := func() { parts.Close() }
	if writes {
		lock, err := parts.Lock(ctx, 2*time.Second)
		if err != nil {
			parts.Close()
			return nil, nil, fmt.Errorf("nothing was changed, somebody else writes this router: %w", err)
		}
		closeAll = func() { parts.Close(); lock.Unlock() }
	}
	return parts.Direct(), closeAll, nil
}

// running returns the daemon that answers on the bus, nil when there is none.
func running(ctx context.Context, o *options) *control.Client {
	c := control.NewClient(ubus.New(ubus.Config{Path: ubus.SocketPath(o.root), Timeout: 30 * time.Second}))
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if !c.Running(ctx) {
		c.Close()
		return nil
	}
	return c
}

// daemon is running, with some patience where somebody holds the router's lock: a daemon that just starts is not on the
// bus yet.
func daemon(ctx context.Context, o *options) *control.Client {
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if c := running(ctx, o); c != nil || ctx.Err() != nil || time.Now().After(deadline) || !locked(o.root) {
			return c
		}
	}
}

// locked reports whether a process holds the router's lock.
func locked(root string) bool {
	path := filepath.Join(root, agent.LockPath)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock, err := system.LockFile(path)
	if err == nil {
		lock.Unlock()
		return false
	}
	var held *system.HeldError
	return errors.As(err, &held)
}

var errDown = &codedError{exitDown, errors.New("the daemon does not run; `cwmpd run` starts it, /etc/init.d/cwmpd start on a router")}

func local(ctx context.Context, o *options) (*agent.Parts, error) {
	level := slog.LevelError
	if o.verbose {
		level = slog.LevelDebug
	}
	return agent.Open(ctx, agent.Options{Root: o.root, Files: datamodel.Files, Version: version, Log: logger(o.stderr, level)})
}

// logger writes lines for logd, which adds the time itself.
func logger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(w, level)
}

func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(json.Indent(text), '\n'))
	return err
}

// made is refused for writes. A change that was made but not told to the services is no failure, only worth a word.
func made(o *options, err error) error {
	if apply := (*control.ApplyError)(nil); errors.As(err, &apply) {
		fmt.Fprintf(o.stderr, "cwmpd: done, but the services were not told yet: %v\n", apply.Err)
		return nil
	}
	return refused(err)
}

// refused turns what the data model refuses into exit code 3, a line each.
func refused(err error) error {
	var all []error
	for _, pe := range control.Refused(err) {
		all = append(all, pe)
	}
	if len(all) == 0 {
		return err
	}
	return &codedError{exitFault, errors.Join(all...)}
}

// unread is refused for reads. Who forgot the dot at the end of an object is told so.
func unread(ctx context.Context, door control.Door, err error) error {
	for _, pe := range model.Errors(err) {
		if pe.Reason != model.Unknown || pe.Path == "" || strings.HasSuffix(pe.Path, ".") {
			continue
		}
		if _, none := door.Names(ctx, pe.Path+".", true); none == nil {
			return &codedError{exitFault, fmt.Errorf("%w; the object is %s", err, pe.Path+".")}
		}
	}
	return refused(err)
}
