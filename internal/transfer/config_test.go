package transfer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/state"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// applyConfig lets ApplyConfig loose on a root.
func applyConfig(t *testing.T, root, target string, data []byte) ([]string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(_ []string, files []state.File) error { return store.Commit(files...) }
	return ApplyConfig(t.Context(), uci.Open(root), commit, Request{FileType: TypeConfig, TargetFileName: target}, file)
}

// tree is a root before a test: two packages and other files.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range map[string]string{
		"etc/config/network": "# theirs\nconfig interface 'lan'\n\toption proto 'static'\n",
		"etc/config/system":  "config system\n\toption hostname 'old'\n",
		"etc/rc.local":       "exit 0\n",
		"etc/cwmpd/own.json": "own",
		"secret":             "secret",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/", filepath.Join(root, "etc/up")); err != nil {
		t.Fatal(err)
	}
	return root
}

// snapshot shows all files of a root but the store's own.
func snapshot(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data := []byte("link")
		if d.Type().IsRegular() {
			if data, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		b.WriteString(strings.TrimPrefix(path, root) + "=" + string(data) + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// a configuration is put in force as a whole or not at all.
//
func TestConfigurationTexts(t *testing.T) {
	const system = "config system\n\toption hostname 'new'\n"
	for name, c := range map[string]struct {
		target, text string
		want         string // packages that changed, or "!" and the reason
		network, sys string // what is in the files afterwards
	}{
		"an export of two":                       {"", "package network\n\nconfig interface 'wan'\n\npackage system\n\n" + system, "network system", "'wan'", "'new'"},
		"an export of one leaves the other":      {"", "package system\n" + system, "system", "# theirs", "'new'"},
		"what does not differ is not written":    {"", "package network\nconfig interface lan\noption proto static\n", "", "# theirs", "'old'"},
		"one package, named by its target":       {"system", system, "system", "# theirs", "'new'"},
		"a target with a directory":              {"/etc/config/system", system, "system", "# theirs", "'new'"},
		"a target that leads away":               {"../../etc/passwd", system, "passwd", "# theirs", "'old'"},
		"a target that is no name":               {"my config.txt", system, "!unusable", "", ""},
		"no target":                              {"", system, "!unusable", "", ""},
		"a package that was not there":           {"", "package fresh\n" + system, "fresh", "# theirs", "'old'"},
		"an empty package":                       {"", "package system\n", "system", "# theirs", "\n"},
		"empty":                                  {"system", "", "!no package", "", ""},
		"a web page":                             {"system", "<html>not found</html>", "!none of", "", ""},
		"one wrong line":                         {"", "package network\nconfig x y\npackage system\nnonsense\n", "!none of", "", ""},
		"a package twice":                        {"", "package system\npackage network\npackage system\n", "!twice", "", ""},
		"a control character":                    {"", "package network\nconfig x y\npackage system\nconfig x y\n\toption a '\x01'\n", "!control", "", ""},
		"a name with a way":                      {"", "package ../../etc/passwd\nconfig x y\n", "!package name", "", ""},
		"too large":                              {"system", strings.Repeat("#", maxConfig+1), "!larger", "", ""},
		"larger than a package":                  {"system", strings.Repeat("#", 2<<20), "!larger", "", ""},
		"a package in var/run/uci is not stored": {"", "package network\nconfig x y\npackage volatile\nconfig x y\n", "!volatile", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t)
			if err := os.MkdirAll(filepath.Join(root, "var/run/uci"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "var/run/uci/volatile"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, root)
			got, err := applyConfig(t, root, c.target, []byte(c.text))
			if text, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil || !strings.Contains(err.Error(), text) || reasonOf(err) != Corrupt && text != "volatile" {
					t.Errorf("got %v (%v), want corrupt: %s", err, reasonOf(err), text)
				}
				if after := snapshot(t, root); after != before {
					t.Errorf("something has changed: %s", after)
				}
				return
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			after := snapshot(t, root)
			network, _ := os.ReadFile(filepath.Join(root, "etc/config/network"))
			sys, _ := os.ReadFile(filepath.Join(root, "etc/config/system"))
			if !strings.Contains(string(network), c.network) || !strings.Contains(string(sys), c.sys) {
				t.Errorf("got %s", after)
			}
		})
	}
}

// member is one of an archive.
type member struct {
	name, data string
	typ        byte
	link       string
}

func archive(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		if m.typ == 0 {
			m.typ = tar.TypeReg
		}
		h := &tar.Header{Name: m.name, Typeflag: m.typ, Linkname: m.link, Mode: 0o4755}
		if m.typ == tar.TypeReg {
			h.Size = int64(len(m.data))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const goodSystem = "config system\n\toption hostname 'new'\n"

func TestABackupIsPutBack(t *testing.T) {
	root := tree(t)
	got, err := applyConfig(t, root, "backup.tar.gz", archive(t,
		member{name: "./", typ: tar.TypeDir}, member{name: "etc/", typ: tar.TypeDir}, member{name: "etc/config/", typ: tar.TypeDir},
		member{name: "./etc/config/system", data: goodSystem}, member{name: "etc/config/network", data: "config interface lan\noption proto static\n"},
		member{name: "etc/config/old.bak", data: "no package"}, member{name: "etc/rc.local", data: "new\n"},
		member{name: "etc/new/dir/file", data: "fresh"}, member{name: "etc/cwmpd/own.json", data: "another box's"},
	))
	if err != nil || strings.Join(got, " ") != "system" {
		t.Fatalf("got %q, %v, want system", got, err)
	}
	for name, want := range map[string]string{
		"etc/config/system": "\nconfig system\n\toption hostname 'new'\n\n", "etc/config/network": "# theirs\nconfig interface 'lan'\n\toption proto 'static'\n",
		"etc/rc.local": "new\n", "etc/new/dir/file": "fresh", "etc/cwmpd/own.json": "own", "etc/config/old.bak": "no package",
	} {
		if data, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(data) != want {
			t.Errorf("%s: got %q, %v, want %q", name, data, err, want)
		}
	}
	for name, want := range map[string]os.FileMode{"etc/rc.local": 0o644, "etc/new/dir/file": 0o755} {
		if fi, err := os.Stat(filepath.Join(root, name)); err != nil || fi.Mode() != want {
			t.Errorf("%s: got %v, %v, want %v", name, fi.Mode(), err, want)
		}
	}
}

// Z-37: archives that try something are refused as a whole, before anything is written.
func TestHostileBackupsAreRefused(t *testing.T) {
	good := member{name: "etc/config/system", data: goodSystem}
	bomb := func() []byte {
		return archive(t, good, member{name: "etc/zeros", data: strings.Repeat("\x00", maxConfig+1)})
	}
	many := []member{good}
	for range maxMembers {
		many = append(many, member{name: "etc/x/" + strings.Repeat("y", len(many)%200+1) + newID()})
	}
	cut := archive(t, good)
	spoilt := archive(t, good)
	spoilt[len(spoilt)-6] ^= 1
	for name, data := range map[string][]byte{
		"a name that leads upwards":     archive(t, good, member{name: "etc/../secret", data: "x"}),
		"a name that leads upwards far": archive(t, good, member{name: "../../../../etc/passwd", data: "x"}),
		"an absolute name":              archive(t, good, member{name: "/etc/passwd", data: "x"}),
		"a name beside etc":             archive(t, good, member{name: "secret", data: "x"}),
		"a name that begins with etc":   archive(t, good, member{name: "etcetera/x", data: "x"}),
		"etc itself":                    archive(t, good, member{name: "etc", data: "x"}),
		"a control character":           archive(t, good, member{name: "etc/a\nb", data: "x"}),
		"a long name":                   archive(t, good, member{name: "etc/" + strings.Repeat("x", 300), data: "x"}),
		"a symbolic link":               archive(t, member{name: "etc/link", typ: tar.TypeSymlink, link: "/"}, good),
		"a link to write through":       archive(t, member{name: "etc/link", typ: tar.TypeSymlink, link: "/"}, member{name: "etc/link/secret", data: "x"}),
		"a hard link":                   archive(t, good, member{name: "etc/link", typ: tar.TypeLink, link: "etc/config/system"}),
		"a device":                      archive(t, good, member{name: "etc/dev", typ: tar.TypeBlock}),
		"a character device":            archive(t, good, member{name: "etc/dev", typ: tar.TypeChar}),
		"a fifo":                        archive(t, good, member{name: "etc/fifo", typ: tar.TypeFifo}),
		"a directory elsewhere":         archive(t, good, member{name: "usr/", typ: tar.TypeDir}),
		"through a link of the router":  archive(t, good, member{name: "etc/up/secret", data: "x"}),
		"in place of a link":            archive(t, good, member{name: "etc/up", data: "x"}),
		"in place of a directory":       archive(t, good, member{name: "etc/config", data: "x"}),
		"under a file":                  archive(t, good, member{name: "etc/rc.local/x", data: "x"}),
		"a file twice":                  archive(t, good, member{name: "etc/./config/system", data: "x"}),
		"a broken package":              archive(t, good, member{name: "etc/config/network", data: "nonsense\n"}),
		"a bomb":                        bomb(),
		"too many files":                archive(t, many...),
		"nothing":                       archive(t),
		"only directories":              archive(t, member{name: "etc/", typ: tar.TypeDir}),
		"cut":                           cut[:len(cut)/2],
		"a wrong checksum":              spoilt,
		"no archive inside":             gzipped(t, strings.Repeat("no archive ", 200)),
		"only a magic number":           {0x1f, 0x8b},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t)
			before := snapshot(t, root)
			_, err := applyConfig(t, root, "", data)
			if !errors.Is(err, ErrCorrupt) || len(err.Error()) > 1000 {
				t.Errorf("got %v, want corrupt", err)
			}
			if after := snapshot(t, root); after != before {
				t.Errorf("something has changed: %s", after)
			}
		})
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A package with an uncommitted change of somebody else is not replaced, and then nothing is.
func TestAConfigurationDoesNotTrampleOnOthers(t *testing.T) {
	root := tree(t)
	if err := os.MkdirAll(filepath.Join(root, "tmp/.uci"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "tmp/.uci/system"), []byte("system.@system[0].x='1'\nsystem.other='t'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, root)
	_, err := applyConfig(t, root, "", []byte("package network\nconfig x y\npackage system\nconfig x y\n"))
	if reasonOf(err) != Failed || snapshot(t, root) != before {
		t.Errorf("got %v (%v), or a change", err, reasonOf(err))
	}
}

func FuzzBackup(f *testing.F) {
	var t testing.T
	f.Add(archive(&t, member{name: "etc/config/system", data: goodSystem}), false)
	f.Add(archive(&t, member{name: "etc/link", typ: tar.TypeSymlink, link: "/"}), false)
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, inside bool) {
		if inside { // skip the compression, which hides the archive from the fuzzer
			data = gzipped(t, string(data))
		}
		c, err := readBackup(data, root)
		if err != nil {
			return
		}
		for _, file := range c.files {
			if !strings.HasPrefix(file.Path, filepath.Join(root, "etc")+"/") || strings.Contains(file.Path, "/../") {
				t.Errorf("%q leads out", file.Path)
			}
		}
		for _, p := range c.packages {
			if !uci.ValidPackage(p.Name) {
				t.Errorf("package %q", p.Name)
			}
		}
	})
}
