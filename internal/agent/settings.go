package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp"
	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/uci"
	"github.com/cwmpd/cwmpd/internal/web"
)

// settings is one reading of /etc/config/cwmp; it is never changed, only replaced.
type settings struct {
	config.Config
	id config.Identity
}

// loadSettings reads the configuration. A broken file is told and the last good one stays: the agent must reach its ACS.
// before is the reading in force, nil at start.
func (p *Parts) loadSettings(before *settings) (*settings, error) {
	pkg, err := p.UCI.Load("cwmp")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.log.Warn("no /etc/config/cwmp, defaults are used")
	case err != nil && before != nil:
		p.log.Error("broken configuration, the last good one stays in force", "err", err)
		return before, nil
	case err != nil:
		p.log.Error("broken configuration", "err", err)
		if pkg = p.lastGood(); pkg != nil {
			p.log.Warn("the last good configuration is used")
		}
	default:
		p.read.Store(pkg)
	}
	c, problems := config.FromUCI(pkg)
	if text, err := p.Box.ReadFile("/etc/config/cwmp", 1<<20); err == nil && len(problems) > 0 {
		config.Locate(text, problems)
	}
	for _, problem := range problems {
		p.log.Warn(problem.String())
	}
	board := p.Box.Board()
	id, err := config.Identify(c, board, p.Box.BaseMAC())
	if c.CPE.SoftwareVersion == "" {
		c.CPE.SoftwareVersion = board.Release
	}
	return &settings{Config: c, id: id}, err
}

// goodConfig is the state file that holds the last configuration which could be read.
const goodConfig = "goodconfig"

// keepGood keeps a configuration that can be read, for a start when it no longer can. Only the daemon does, which holds
// the lock.
func (p *Parts) keepGood() {
	pkg, err := p.UCI.Load("cwmp")
	if err != nil {
		return
	}
	var kept string
	text := string(pkg.Bytes())
	if p.Store.Load(goodConfig, &kept) == nil && kept == text {
		return
	}
	if err := p.Store.Save(goodConfig, text); err != nil {
		p.log.Warn("keep the configuration", "err", err)
	}
}

func (p *Parts) lastGood() *uci.Package {
	var kept string
	if p.Store.Load(goodConfig, &kept) != nil {
		return nil
	}
	pkg, err := uci.Parse("cwmp", []byte(kept))
	if err != nil {
		return nil
	}
	return pkg
}

// SetACS writes url into /etc/config/cwmp as if the owner had: the meaning of `cwmpd run --acs URL`.
func (p *Parts) SetACS(url string) error {
	if err := config.CheckURL(url); err != nil {
		return fmt.Errorf("the ACS's URL %w", err)
	}
	return p.writeACS([]acsOption{{"url", url}})
}

// accountOptions are the options that say how an ACS is reached, the URL first.
func accountOptions(a cwmp.Account) []acsOption {
	return []acsOption{{"url", a.URL}, {"userid", a.Username}, {"username", ""}, {"passwd", a.Password}, {"password", ""}}
}

type acsOption struct{ name, value string }

// writeACS sets options of the section acs; an empty value takes one away.
func (p *Parts) writeACS(options []acsOption) error {
	pkg, err := p.UCI.Load("cwmp")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var edits []uci.Edit
	section := "acs"
	if pkg == nil || len(pkg.OfType("acs")) == 0 {
		edits = append(edits, uci.Edit{Op: uci.OpAdd, Package: "cwmp", Section: section, Type: "acs"})
	} else if s := pkg.Section("acs"); s == nil || s.Type != "acs" {
		section = pkg.OfType("acs")[0].Name
	}
	for _, o := range options {
		before := ""
		if pkg != nil {
			if s := pkg.Section(section); s != nil {
				before = s.Get(o.name)
			}
		}
		if before != o.value {
			edits = append(edits, uci.Edit{Op: uci.OpSet, Package: "cwmp", Section: section, Option: o.name, Values: []string{o.value}})
		}
	}
	if len(edits) == 0 {
		return nil
	}
	return writeUCI(p.UCI, p.Store, edits)
}

// webConfig turns the options into how we speak HTTP.
func (s *settings) webConfig(box *system.Box, version string, prefer *web.Affinity, log *slog.Logger) web.Config {
	return web.Config{
		Root: box.Root, ClockSet: box.ClockSet, UserAgent: "cwmpd/" + strings.Fields(version + " ?")[0], Log: log,
		CAFile: s.ACS.CAFile, CADir: s.ACS.CADir, CertFile: s.ACS.ClientCert, KeyFile: s.ACS.ClientKey, Insecure: s.ACS.Insecure,
		AllowDowngrade: s.CPE.AllowDowngrade, AllowBasicPlain: s.CPE.AllowBasicPlain, AllowLocal: s.CPE.AllowLocal || web.IsLocal(s.ACS.URL),
		Proxy: s.ACS.Proxy, ProxyUser: s.ACS.ProxyUser, ProxyPassword: s.ACS.ProxyPassword, Pins: strings.Fields(s.ACS.Pins),
		Affinity: prefer, ForceIPv4: s.CPE.ForceIPv4, HeaderTimeout: s.CPE.ResponseWait,
	}
}

func writeUCI(dir *uci.Dir, store *state.Store, edits []uci.Edit) error {
	ctx, cancel := lockContext()
	defer cancel()
	w, err := dir.Begin(ctx, edits)
	if err != nil {
		return err
	}
	defer w.Close()
	return store.Commit(w.Files()...)
}
