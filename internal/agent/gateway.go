package agent

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/cwmpd/cwmpd/internal/discover"
	"github.com/cwmpd/cwmpd/internal/state"
)

const (
	// gatewayTold is what dnsmasq is to tell devices of us, in the directory of our state; gatewayService puts it where dnsmasq
	// reads it, and restarts dnsmasq.
	gatewayTold    = "dnsmasq.conf"
	gatewayService = "/etc/init.d/cwmpd-gateway"
)

// gateway is who the gateway before us says it is (§9.2, Annex F); the zero ID where there is none, or none that says so.
func (p *Parts) gateway() discover.ID {
	for _, l := range p.readLeases() {
		if l.offer.Gateway != (discover.ID{}) {
			return l.offer.Gateway
		}
	}
	return discover.ID{}
}

// tellDevices keeps what dnsmasq is to tell devices of us, who are their gateway (§9.2, Annex F). It costs a flash write and a
// restart of dnsmasq when it has changed: when the agent is new here, or was given another identity.
func (d *Daemon) tellDevices(ctx context.Context) error {
	s := d.settings.Load()
	file := state.File{Path: d.Store.Path(gatewayTold), Mode: 0o644}
	id := discover.NewID(s.id.OUI, s.id.Serial, s.id.ProductClass)
	if s.CPE.Enable && s.CPE.TellDevices && id != (discover.ID{}) {
		file.Data = []byte(id.Dnsmasq())
	}
	file.Remove = file.Data == nil
	now, err := os.ReadFile(file.Path)
	if bytes.Equal(now, file.Data) && (err == nil) != file.Remove || file.Remove && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(d.Box.Path(gatewayService)); err != nil {
		return nil // not installed here
	}
	if err := d.Store.Commit(file); err != nil {
		return err
	}
	_, err = d.Box.Command(ctx, gatewayService, "reload")
	return err
}
