package datamodel_test

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

// left says why objects and parameters of Device.ManagementServer. are not in the tree. What ends with a dot stands for all
// below it.
var left = map[string]string{
	"KickURL":             "a web page of ours that begins a session by event 5 KICKED: deprecated, and we serve no pages",
	"DownloadProgressURL": "a web page that shows how far a download is: we serve no pages",

	"EmbeddedDevice.{i}.":   "no device behind this router is managed through it (Annex J); the count is 0",
	"VirtualDevice.{i}.":    "the same",
	"DownloadAvailability.": "announcements of files by multicast: nobody sends them",
}

// Everything of Device.ManagementServer. is there, or it is said why not.
func TestManagementServerIsComplete(t *testing.T) {
	const prefix = "Device.ManagementServer."
	std := readStandard(t)
	ours := map[string]bool{}
	loadOurs(t).Definitions(func(d model.Def) { ours[d.Path] = true })
	used := map[string]bool{}
	explained := func(name string) bool {
		for missing := range left {
			if name == missing || strings.HasSuffix(missing, ".") && strings.HasPrefix(name, missing) {
				used[missing] = true
				return true
			}
		}
		return false
	}
	for object, o := range std.Objects {
		below, ok := strings.CutPrefix(object, prefix)
		if !ok {
			continue
		}
		names := []string{below}
		for name := range o.Params {
			names = append(names, below+name)
		}
		for _, name := range names {
			switch there := ours[prefix+name] || strings.HasSuffix(name, ".Alias"); {
			case !there && !explained(name):
				t.Errorf("%s%s is not there, and nothing says why", prefix, name)
			case there && left[name] != "":
				t.Errorf("%s%s is there, although: %s", prefix, name, left[name])
			}
		}
	}
	for name := range left {
		if !used[name] {
			t.Errorf("%s is not in the standard", name)
		}
	}
}
