package system

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"sort"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
)

// Board is what the box says of itself in files that every OpenWrt image has. A field it does not know is empty.
type Board struct {
	Model string // "GL.iNet GL-MT3000", from /tmp/sysinfo/model
	Name  string // "glinet,gl-mt3000", from /tmp/sysinfo/board_name

	Release     string // "24.10.2"
	Revision    string // "r28739-d9340319c6"
	Target      string // "mediatek/filogic"
	Arch        string // "aarch64_cortex-a53"
	Description string // "OpenWrt 24.10.2 r28739-d9340319c6"

	Manufacturer   string // DEVICE_MANUFACTURER of /etc/device_info
	Product        string // DEVICE_PRODUCT
	DeviceRevision string // DEVICE_REVISION
	Serial         string // DEVICE_SERIAL, which some vendors add; else the device tree's
}

// Board reads the files anew; it is cheap but not free.
func (b *Box) Board() Board {
	rel := b.shellVars("/etc/openwrt_release")
	osr := b.shellVars("/usr/lib/os-release")
	dev := b.shellVars("/etc/device_info")
	return Board{
		Arch:           rel["DISTRIB_ARCH"],
		Model:          first(b.line("/tmp/sysinfo/model"), b.line("/proc/device-tree/model")),
		Name:           b.line("/tmp/sysinfo/board_name"),
		Release:        first(rel["DISTRIB_RELEASE"], osr["VERSION"]),
		Revision:       first(rel["DISTRIB_REVISION"], osr["BUILD_ID"]),
		Target:         first(rel["DISTRIB_TARGET"], osr["OPENWRT_BOARD"]),
		Description:    first(rel["DISTRIB_DESCRIPTION"], osr["PRETTY_NAME"]),
		Manufacturer:   dev["DEVICE_MANUFACTURER"],
		Product:        dev["DEVICE_PRODUCT"],
		DeviceRevision: dev["DEVICE_REVISION"],
		Serial:         first(dev["DEVICE_SERIAL"], b.line("/proc/device-tree/serial-number")),
	}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// shellVars reads NAME='value' lines. Nothing is expanded: these files hold plain words.
func (b *Box) shellVars(name string) map[string]string {
	vars := map[string]string{}
	data, err := b.ReadFile(name, 64<<10)
	if err != nil {
		return vars
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for sc.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(sc.Text()), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '\'' || value[0] == '"') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		vars[key] = value
	}
	return vars
}

// MAC returns the address of a network device as "AA:BB:CC:DD:EE:FF", "" where it has none.
func (b *Box) MAC(netdev string) string {
	if netdev == "" || strings.ContainsAny(netdev, "/\x00") || netdev == "." || netdev == ".." {
		return ""
	}
	hw, err := net.ParseMAC(b.line("/sys/class/net/" + netdev + "/address"))
	if err != nil || len(hw) != 6 || hw[0]&1 != 0 || bytes.Equal(hw, make([]byte, 6)) {
		return ""
	}
	return strings.ToUpper(hw.String())
}

// BaseMAC returns the address that names the box: the one printed on its label when /etc/board.json knows it, else the
// lowest address a manufacturer gave to one of its ports, else any. "" where the box has no network device at all.
func (b *Box) BaseMAC() string {
	var board struct {
		System struct {
			Label string `json:"label_macaddr"`
		}
		Network struct {
			LAN struct{ MACAddr string }
		}
	}
	if data, err := b.ReadFile("/etc/board.json", 256<<10); err == nil && json.Unmarshal(data, &board) == nil {
		for _, text := range []string{board.System.Label, board.Network.LAN.MACAddr} {
			if hw, err := net.ParseMAC(text); err == nil && len(hw) == 6 {
				return strings.ToUpper(hw.String())
			}
		}
	}
	entries, _ := os.ReadDir(b.Path("/sys/class/net"))
	var global, local []string
	for _, e := range entries {
		mac := b.MAC(e.Name())
		switch {
		case mac == "":
		case LocalMAC(mac):
			local = append(local, mac)
		default:
			global = append(global, mac)
		}
	}
	sort.Strings(global)
	sort.Strings(local)
	return first(append(append(global, local...), "")...)
}

// LocalMAC reports whether the second-lowest bit of the first byte says that no manufacturer gave this address out.
func LocalMAC(mac string) bool {
	hw, err := net.ParseMAC(mac)
	return err == nil && len(hw) > 0 && hw[0]&2 != 0
}
