package source

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// mgmtTable are the values behind Device.ManagementServer. that are more than one UCI option.
var mgmtTable = []named{
	{"mgmt.option", &Func{Get: mgmtGet, Set: mgmtSet}},
	{"mgmt.found", &Func{Get: mgmtFound, Set: mgmtSetFound}},
	{"mgmt.device", &Func{Rows: manageableDevices, Get: getManageable}},
	{"mgmt.check_url", &Func{Hook: mgmtCheckURL}},

	{"mgmt.check_file_types", &Func{Hook: mgmtCheckFileTypes}},
}

// mgmtCheckURL refuses an ACS URL that would leave the router without an ACS, whoever wants to set it (K-20).
// Without a URL there is still the one that DHCP named.
func mgmtCheckURL(_ context.Context, r *Reader, _ *model.Row, changed map[string]string) error {
	url, ok := changed["URL"]
	if !ok || url == "" && ownConfig(r).ACS.DHCPURL != "" {
		return nil
	}
	if err := config.CheckURL(url); err != nil {
		return &model.ParamError{Path: "URL", Reason: model.BadValue, Msg: err.Error()}
	}
	return nil
}

// mgmtCheckFileTypes refuses in FileTypeFilter what is no file type of an AutonomousTransferComplete.
func mgmtCheckFileTypes(_ context.Context, _ *Reader, _ *model.Row, changed map[string]string) error {
	for item := range strings.SplitSeq(changed["FileTypeFilter"], ",") {
		item = strings.TrimSpace(item)
		vendor := len(item) > 8 && item[:2] == "X " && item[8] == ' ' && strings.Trim(item[2:8], "0123456789ABCDEF") == ""
		if item != "" && !vendor && !slices.Contains(fileTypes, item) {
			return &model.ParamError{Path: "FileTypeFilter", Reason: model.BadValue, Msg: "no file type"}
		}
	}
	return nil
}

var fileTypes = []string{"1 Firmware Upgrade Image", "2 Web Content", "3 Vendor Configuration File", "4 Vendor Log File"}

// ownPackage is the agent's own configuration.
const ownPackage = "cwmp"

// mgmtGet reads an option of ours that has two names: `call mgmt.option SECTION NAME OTHERNAME`. icwmp calls it userid,
// EasyCwmp's users write username. The first that is there counts, as it does for the configuration.
func mgmtGet(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	s := r.section(ownPackage, args[0])
	for _, name := range args[1:] {
		if text := optionText(s, name); text != "" {
			return text, nil
		}
	}
	return "", nil
}

// mgmtFound reads an option that DHCP may set while nobody else did: `call mgmt.found SECTION NAME DHCPNAME`. The word of DHCP
// is in the section acs. It follows the configuration, which says when that counts (K-35).
func mgmtFound(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if len(args) != 3 {
		return "", refused("mgmt.found wants SECTION NAME DHCPNAME")
	}
	c := ownConfig(r)
	s := r.section(ownPackage, args[0])
	if own := optionText(s, args[1]); own != "" || s != nil && s.Option(args[1]) != nil && args[1] != "url" || !c.ACS.DHCPDiscovery {
		return own, nil
	}
	if args[1] == "url" {
		return c.ACS.URL, nil
	}
	return optionText(r.section(ownPackage, "acs"), args[2]), nil
}

// ownConfig is the agent's configuration as the files say it; DHCPURL is empty where it would not be used.
func ownConfig(r *Reader) config.Config {
	return r.Memo("configuration", func() any { c, _ := config.FromUCI(r.UCI(ownPackage)); return c }).(config.Config)
}

// mgmtSetFound writes the option itself: from then on it is not DHCP's.
func mgmtSetFound(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	return mgmtSet(ctx, r, row, args[:min(2, len(args))], value)
}

// mgmtSet writes the option under its first name and takes the others away. A section that is not there is made, its
// type being its name as everywhere in this package.
func mgmtSet(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	if len(args) < 2 {
		return refused("mgmt.option wants SECTION NAME")
	}
	section := args[0]
	if r.section(ownPackage, section) == nil {
		if value == "" {
			return nil
		}
		if err := r.Edit(uci.Edit{Op: uci.OpAdd, Package: ownPackage, Section: section, Type: section}); err != nil {
			return err
		}
	}
	for i, name := range args[1:] {
		if i > 0 {
			value = ""
		}
		if err := r.uciSet(ownPackage, section, name, value); err != nil {
			return err
		}
	}
	return nil
}
