package source

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/discover"
	"github.com/cwmpd/cwmpd/internal/model"
)

// maxDevices is how many devices that can be managed are shown.
const maxDevices = 256

// manageable is a device on the LAN that said who it is when it asked for its lease (TR-069 Annex F).
type manageable struct {
	discover.ID
	macs []string // where it has a lease; more than one if it has several interfaces
}

// manageableDevices are the rows of ManageableDevice: what our hook of dnsmasq keeps, while the lease is there. An identity that
// two MAC addresses claim is one row, as the table's key wants it.
func manageableDevices(ctx context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	leased := map[string]bool{}
	for _, l := range leases(ctx, r) {
		leased[l.mac] = true
	}
	var rows []model.Row
	place := map[discover.ID]int{}
	for _, file := range r.Glob(discover.Dir + "/device.*") { // sorted
		mac := plainMAC(strings.TrimPrefix(file, discover.Dir+"/device."))
		if !leased[mac] {
			continue
		}
		id := discover.ParseDevice(string(r.File(file)))
		if id == (discover.ID{}) {
			continue
		}
		i, known := place[id]
		switch {
		case known:
			m := rows[i].Data.(*manageable)
			m.macs = append(m.macs, mac)
		case len(rows) < maxDevices:
			place[id] = len(rows)
			rows = append(rows, model.Row{Key: id.OUI + "-" + id.Class + "-" + id.Serial, Data: &manageable{id, []string{mac}}})
		}
	}
	return rows, nil
}

// getManageable answers `call mgmt.device oui|class|serial|host`.
func getManageable(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	m, ok := row.Data.(*manageable)
	if !ok || len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "oui":
		return m.OUI, nil
	case "class":
		return m.Class, nil
	case "serial":
		return m.Serial, nil
	}
	var hosts []string
	if tree := r.Tree(); tree != nil {
		for _, mac := range m.macs {
			if path := tree.Path("Device.Hosts.Host.", mac); path != "" {
				hosts = append(hosts, path)
			}
		}
	}
	return strings.Join(hosts, ","), nil
}
