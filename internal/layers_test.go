package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/cwmpd/cwmpd/"

// layer says how high a package lives; imports go strictly down. Who must not be imported by the program itself, only by
// tests and by the sandbox, is in scaffolding.
var layer = map[string]float64{
	"internal/json": -1, "internal/slog": -1, // know no router at all
	"internal/uci": 0, "internal/ubus": 0, "internal/system": 0, "internal/state": 0,
	"internal/config": 0, "internal/web": 0, "internal/digest": 0, "internal/discover": 0,
	"internal/kernel":    0, // what the kernel says over netlink: as near to the router as ubus, and as ignorant of TR-181
	"internal/twamp":     0,
	"datamodel":          0,
	"internal/model":     0.5,
	"internal/notify":    1,
	"internal/transfer":  1,
	"internal/diag":      1,
	"internal/connreq":   1,
	"internal/source":    1,
	"internal/bbfdm":     1,
	"internal/cwmp/soap": 1.5,
	"internal/cwmp":      2,
	"internal/control":   2.5, // shows people what the transports do
	"internal/agent":     3,
	"cmd/cwmpd":          4,
	"cmd/sandbox":        4,
	"cmd/mkpkg":          4,
	"cmd/oneline":        4,

	"internal/conformance": 4, // tests only
	"openwrt":              4, // tests only

	"internal/ubus/ubustest":    0.5,
	"internal/connreq/xmpptest": 0.5,
	"internal/cwmp/cwmptest":    2.5,
	"internal/sandbox":          3,
}

// scaffolding plays the other side of a seam; only tests and cmd/sandbox stand on it.
var scaffolding = map[string]bool{
	"internal/ubus/ubustest": true, "internal/connreq/xmpptest": true, "internal/cwmp/cwmptest": true, "internal/sandbox": true,
}

// sideways lists the imports inside one layer, each with its reason.
var sideways = map[string]string{
	"internal/uci internal/state":     "a written package is handed over as state.File, so that one journal commits all",
	"internal/config internal/uci":    "the configuration is a UCI package",
	"internal/config internal/system": "identity falls back on the box",
}

// onlyAgent may be imported by agent and cmd alone: what the device can say is data, not a library.
const onlyAgent = "datamodel"

func TestImportsGoDown(t *testing.T) {
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		own, known := layer[from]
		if !known {
			if from != "internal" {
				t.Errorf("%s is in no layer: say in layers_test.go how high it lives", from)
			}
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			switch height, known := layer[to]; {
			case !known:
				t.Errorf("%s imports %s, which is in no layer", from, to)
			case sideways[from+" "+to] != "":
			case height >= own:
				t.Errorf("%s (layer %v) imports %s (layer %v): imports go strictly down; news goes up by a func given to New", from, own, to, height)
			case scaffolding[to] && !scaffolding[from] && from != "cmd/sandbox":
				t.Errorf("%s imports %s, which only tests and cmd/sandbox may stand on", from, to)
			case to == onlyAgent && own < 3:
				t.Errorf("%s imports %s, which is for agent and cmd: the engine must not know what it carries", from, to)
			}
		}
	}
}

// notOurs are packages of the standard library that the program has no room for, with what takes their place. Tests and
// the sandbox are free.
var notOurs = map[string]string{
	"encoding/json": "180 KB; internal/json reads and writes the same",
	"log/slog":      "80 KB, and it draws in encoding/json; internal/slog writes the same",
}

func TestProgramLeavesOutWhatIsTooLarge(t *testing.T) {
	program := map[string]bool{}
	all := packages(t)
	var visit func(path string)
	visit = func(path string) {
		if program[path] {
			return
		}
		program[path] = true
		for _, p := range all {
			if p.ImportPath == path {
				for _, imported := range p.Imports {
					visit(imported)
				}
			}
		}
	}
	visit(module + "cmd/cwmpd")
	for path, why := range notOurs {
		if program[path] {
			t.Errorf("cwmpd imports %s: %s", path, why)
		}
	}
}

func TestNobodyIsTheDrawer(t *testing.T) {
	for _, p := range packages(t) {
		switch p.Name {
		case "util", "utils", "common", "helpers", "types", "manager", "core", "misc", "base":
			t.Errorf("%s: a package named %s promises nothing and becomes the drawer", p.ImportPath, p.Name)
		}
	}
}

type listed struct {
	ImportPath, Name string
	Imports          []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports", "../...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
