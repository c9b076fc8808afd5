package datamodel_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/source"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// agentFuncs are the functions that the definitions expect of package agent, by what they are used for.
var agentFuncs = map[string]string{
	"agent.identity":         "manufacturer, oui, productclass or serial of the DeviceId",
	"agent.software_version": "the version of the firmware, as the Inform and the judgement of an upgrade have it",
	"agent.first_use":        "when the clock was first right",
	"agent.time_left":        "until it is switched off again",
	"agent.gateway":          "who the gateway before us is",
	"agent.connreq_url":      "where the ACS knocks",
	"agent.connreq_udp":      "where it knocks by UDP",
	"agent.nat_detected":     "whether it sees us behind a NAT",
	"agent.jabber_id":        "our address at the XMPP server",
	"agent.xmpp":             "how the XMPP connection is",
}

// newSource is a real source with the agent's functions, on a router that has every file and package that some object
// needs, so that all objects are there.
func newSource(t *testing.T) *source.Router {
	t.Helper()
	root := t.TempDir()
	for _, l := range lines(t) {
		if l.words[0] == "needs" {
			provide(t, root, l.words[1:])
		}
	}
	funcs := map[string]source.Func{}
	for name := range agentFuncs {
		funcs[name] = source.Func{Get: func(context.Context, *source.Reader, *model.Row, []string) (string, error) { return "", nil }}
	}
	return source.New(source.Config{Root: root, UCI: uci.Open(root), Funcs: funcs})
}

// provide makes what a needs clause asks for.
func provide(t *testing.T, root string, words []string) {
	t.Helper()
	name, text := words[1], ""
	switch words[0] {
	case "uci":
		pkg, rest, _ := strings.Cut(words[1], ".")
		name = "/etc/config/" + pkg
		if typ, ok := strings.CutPrefix(rest, "@"); ok {
			text = "\nconfig " + typ + "\n"
		} else if rest != "" {
			text = "\nconfig section '" + rest + "'\n"
		}
	case "file":
	default:
		return
	}
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// spine is the part of the definitions that does not change with every new object.
func spine(t *testing.T) fs.FS {
	t.Helper()
	part := fstest.MapFS{}
	for _, name := range []string{"device.dm", "managementserver.dm", "time.dm"} {
		data, err := fs.ReadFile(datamodel.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		part[name] = &fstest.MapFile{Data: data}
	}
	return part
}

// load reads definitions as the daemon does and fails on every problem.
func load(t *testing.T, files ...fs.FS) *model.Tree {
	t.Helper()
	tree, problems, err := model.Load(t.Context(), model.Config{Source: newSource(t), Files: files})
	for _, p := range problems {
		t.Errorf("%s:%d: %s", p.File, p.Line, p.Msg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// loadOurs reads all of our definitions; TestDefinitionsLoad says what is wrong with their lines.
func loadOurs(t *testing.T) *model.Tree {
	t.Helper()
	tree, _, err := model.Load(t.Context(), model.Config{Source: newSource(t), Files: []fs.FS{datamodel.Files}})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestDefinitionsLoad(t *testing.T) {
	stats := load(t, datamodel.Files).Stats()
	t.Logf("%+v", stats)
	if stats.Parameters == 0 {
		t.Error("no parameters")
	}
}

// A dmLine is one indented line of a .dm file, below its object.
type dmLine struct {
	file   string
	number int
	object string
	words  []string
}

// lines reads the lines of our own files without understanding them.
func lines(t *testing.T) []dmLine {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.dm")
	if err != nil || len(names) == 0 {
		t.Fatalf("no .dm files: %v", err)
	}
	var out []dmLine
	for _, name := range names {
		data, err := fs.ReadFile(os.DirFS("."), name)
		if err != nil {
			t.Fatal(err)
		}
		object := ""
		for i, text := range strings.Split(string(data), "\n") {
			words := strings.Fields(text)
			switch {
			case len(words) == 0 || strings.HasPrefix(words[0], "#"):
			case text[0] != ' ' && text[0] != '\t':
				object = words[0]
			default:
				out = append(out, dmLine{name, i + 1, object, words})
			}
		}
	}
	return out
}

func TestNoParameterIsDefinedTwice(t *testing.T) {
	first := map[string]string{}
	for _, l := range lines(t) {
		if c := l.words[0][0]; c < 'A' || c > 'Z' {
			continue
		}
		path, place := l.object+l.words[0], fmt.Sprintf("%s:%d", l.file, l.number)
		if old, ok := first[path]; ok {
			t.Errorf("%s: %s stands at %s already", place, path, old)
		}
		first[path] = place
	}
}

func TestEveryFileSaysWhatItIsAbout(t *testing.T) {
	names, err := fs.Glob(os.DirFS("."), "*.dm")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(datamodel.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), "# ") || strings.Contains(string(data), "\t") {
			t.Errorf("%s: want a comment first that says what it maps, and no tabs", name)
		}
	}
}

// The examples of README.md, and what they need: each fenced block marked dm is a file that loads beside ours.
func TestExamplesOfTheReadmeLoad(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```dm\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("%d examples, want some", len(blocks))
	}
	for i, b := range blocks {
		text, _, ok := strings.Cut(b, "```")
		if !ok {
			t.Fatalf("example %d does not end", i+1)
		}
		before := count(load(t, spine(t)))
		name := fmt.Sprintf("example-%d.dm", i+1)
		tree := load(t, spine(t), fstest.MapFS{name: {Data: []byte(text)}})
		if t.Failed() {
			t.Fatalf("example %d:\n%s", i+1, text)
		}
		if count(tree) == before && !strings.Contains(text, "none") {
			t.Errorf("example %d defines nothing:\n%s", i+1, text)
		}
	}
}

func count(tree *model.Tree) int {
	n := 0
	tree.Definitions(func(model.Def) { n++ })
	return n
}
