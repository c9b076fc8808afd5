package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/agent"
	"github.com/cwmpd/cwmpd/internal/slog"
)

func runVerb() verb {
	return verb{
		name: "run", summary: "be the daemon", plain: true,
		help: `Manages the router below --root until it is told to stop (SIGTERM) or the box
goes down. It logs to the standard output, without times: procd's logd adds them.
SIGHUP and 'cwmpd reload' read the configuration again; no session is lost.`,
		flags: func(fs *pflag.FlagSet, o *options) {
			fs.StringVar(&o.acs, "acs", "", "`URL` of the ACS, as if set in /etc/config/cwmp before the start")
			fs.StringVar(&o.trace, "trace", "", "`FILE` for what is said with the ACS, without secrets")
			fs.StringVar(&o.logLevel, "log", "", "`LEVEL`: debug, info, warn or error; else the option log_severity decides")
		},
		run: func(ctx context.Context, o *options, _ []string) error {
			level, follow := new(slog.LevelVar), (*slog.LevelVar)(nil)
			if o.logLevel == "" && !o.verbose {
				follow = level
			} else if o.verbose {
				level.Set(slog.LevelDebug)
			}
			if o.logLevel != "" {
				if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
					return usagef("--log %q: want debug, info, warn or error", o.logLevel)
				}
			}
			err := agent.Run(ctx, agent.DaemonOptions{
				Options: agent.Options{Root: o.root, Files: datamodel.Files, Version: version, Log: logger(o.stdout, level)},
				ACS:     o.acs, Trace: o.trace, Level: follow, Reload: hangups(ctx),
			})
			if errors.Is(err, agent.ErrLeaving) {
				return nil
			}
			return err
		},
	}
}

// hangups tells of each SIGHUP until ctx ends.
func hangups(ctx context.Context) <-chan struct{} {
	signals, asked := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			select {
			case <-ctx.Done():
				return
			case asked <- struct{}{}:
			}
		}
	}()
	return asked
}
