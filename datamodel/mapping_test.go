package datamodel_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

// later are the objects whose time has not come: diagnostics, and what collects or schedules by itself.
var later = regexp.MustCompile(`Diagnostics|BulkData|PeriodicStatistics|FaultMgmt|SoftwareModules|PacketCapture|SelfTest|Schedules`)

// honest are the first letters of the classes of parameters that OpenWrt can back: L live, U from UCI, C computed, K constant,
// A of the agent itself.
const honest = "LUCKA"

// What OpenWrt can answer is there, or testdata/left.txt says why not: PATH: reason, where a path that ends with a dot
// stands for all below it. What is said to be missing must be.
func TestMappingIsComplete(t *testing.T) {
	data, err := os.ReadFile("../../shared/tr181/mapping.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the table of what OpenWrt can back is not beside the project: ../shared/tr181/mapping.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	var mapping map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &mapping); err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	loadOurs(t).Definitions(func(d model.Def) { ours[d.Path] = true })
	left := leftOut(t)
	used := map[string]bool{}
	total, there := 0, 0
	for _, object := range slices.Sorted(maps.Keys(mapping)) {
		for name, row := range mapping[object] {
			var class []string
			if strings.HasPrefix(name, "#") || json.Unmarshal(row, &class) != nil || !strings.Contains(honest, class[0][:1]) || later.MatchString(object) {
				continue
			}
			path := object + name
			reason := explained(left, path)
			used[reason] = true
			total++
			switch {
			case ours[path] || implied(ours, object, name):
				there++
				if reason == path {
					t.Errorf("%s is there, although: %s", path, left[path])
				}
			case reason == "":
				t.Errorf("%s (%s) is not there, and nothing says why", path, class[0])
			}
		}
	}
	for path := range left {
		if !used[path] {
			t.Errorf("%s is explained, and nobody asks for it", path)
		}
	}
	t.Logf("%d of %d parameters", there, total)
}

// implied reports whether an Alias or a NumberOfEntries is there without being written.
func implied(ours map[string]bool, object, name string) bool {
	table, counted := strings.CutSuffix(name, "NumberOfEntries")
	return name == "Alias" && ours[object] || counted && ours[object+table+".{i}."]
}

// explained returns the entry of left that speaks of path.
func explained(left map[string]string, path string) string {
	for at := path; at != ""; {
		if left[at] != "" {
			return at
		}
		at = at[:strings.LastIndexByte(strings.TrimSuffix(at, "."), '.')+1]
	}
	return ""
}

func leftOut(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/left.txt")
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		path, reason, ok := strings.Cut(line, ": ")
		if !ok {
			t.Errorf("left.txt: %q is not PATH: reason", line)
		}
		left[path] = reason
	}
	return left
}
