package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An installer is one of OpenWrt's package managers.
type installer struct {
	name, env string // the program, and the variable that names it where it is not in the PATH
	suffix    string // of packages
	args      func(root string) []string
	add, del  string
	aside     string // suffix of a new configuration beside the owner's
	scripts   bool   // runs them in the root; opkg with an offline root runs none
}

var installers = []installer{
	{"apk", "CWMPD_APK", ".apk", func(root string) []string {
		return []string{"--root", root, "--arch", "x86_64", "--allow-untrusted", "--no-network"}
	}, "add", "del", ".apk-new", true},
	{"opkg", "CWMPD_OPKG", ".ipk", func(root string) []string {
		return []string{"--conf", root + "/etc/opkg.conf", "--offline-root", root}
	}, "install", "remove", "-opkg", false},
}

// TestInstall gives the packages to the real opkg and apk, where they are: a root with a shell and a note-taking stand-in for
// OpenWrt's functions.sh. Files come with their modes, an upgrade takes the place of what nobody touched and keeps what the
// owner edited, and nothing else is left after a removal.
func TestInstall(t *testing.T) {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("no busybox here to be the router's shell")
	}
	if out, _ := exec.Command("ldd", busybox).CombinedOutput(); !bytes.Contains(out, []byte("not a dynamic executable")) {
		t.Skip("the busybox here is not static (Debian: busybox-static)")
	}
	for _, i := range installers {
		t.Run(i.name, func(t *testing.T) {
			program := os.Getenv(i.env)
			if program == "" {
				if program, err = exec.LookPath(i.name); err != nil {
					t.Skipf("no %s here, and %s names none", i.name, i.env)
				}
			}
			root, out := t.TempDir(), t.TempDir()
			run := func(args ...string) {
				t.Helper()
				if b, err := exec.Command(program, append(i.args(root), args...)...).CombinedOutput(); err != nil {
					t.Fatalf("%q: %v\n%s", args, err, b)
				}
			}
			furnish(t, root, busybox)
			if i.name == "apk" {
				run("--initdb", "add")
			}
			for _, needed := range []string{"libc", "ca-bundle"} {
				if i.name == "apk" {
					run("add", "--virtual", needed)
					continue
				}
				dependency := &pkg{name: needed, version: "1-r1"}
				if _, err := dependency.write(out, "all"); err != nil {
					t.Fatal(err)
				}
				run("install", out+"/all/"+needed+"_1-r1_all.ipk")
			}
			before := filesOf(t, root)
			add := func(version, config string) *pkg {
				t.Helper()
				p := recipe(t)
				p.version = version
				for j := range p.files {
					if p.files[j].conf {
						p.files[j].data = []byte(config)
					}
				}
				p.files = append(p.files, file{name: "usr/share/cwmpd/" + version, mode: 0o644, data: []byte(version)})
				if _, err := p.write(out, "x86_64"); err != nil {
					t.Fatal(err)
				}
				found, err := filepath.Glob(filepath.Join(out, "x86_64", "cwmpd?"+version+"*"+i.suffix))
				if err != nil || len(found) != 1 {
					t.Fatalf("packages %q, %v", found, err)
				}
				run(i.add, found[0])
				return p
			}
			holds := func(p *pkg, config string) {
				t.Helper()
				got := filesOf(t, root)
				for _, f := range p.files {
					if want := fmt.Sprintf("%o", f.mode); got["/"+f.name] != want && !(f.conf && config == owners) {
						t.Errorf("/%s: mode %q, want %s", f.name, got["/"+f.name], want)
					}
					if text := read(t, filepath.Join(root, f.name)); !f.conf && text != string(f.data) || f.conf && text != config {
						t.Errorf("%s: /%s is %.60q", p.version, f.name, text)
					}
				}
			}
			const config = "/etc/config/cwmp"
			holds(add("0.1.0-r1", "# first\n"), "# first\n")
			holds(add("0.1.0-r2", "# second\n"), "# second\n")
			write(t, root+config, owners)
			holds(add("0.1.0-r3", "# third\n"), owners)
			if got := read(t, root+config+i.aside); got != "# third\n" {
				t.Errorf("beside the owner's configuration there is %q", got)
			}
			if _, err := os.Stat(root + "/usr/share/cwmpd/0.1.0-r2"); err == nil {
				t.Error("a file that the new package has not is still there")
			}
			run(i.del, "cwmpd")
			left := filesOf(t, root)
			for name := range left {
				if before[name] == "" && !strings.HasPrefix(name, config) && name != "/notes" {
					t.Errorf("%s is still there when the package is removed", name)
				}
			}
			if got := read(t, root+config); got != owners {
				t.Errorf("the owner's configuration is %q when the package is removed", got)
			}
			if i.scripts {
				upgrade := "postinst upgrade\n/etc/init.d/cwmpd restart\n"
				if got := read(t, root+"/notes"); got != "postinst\n"+upgrade+upgrade+"prerm\n" {
					t.Errorf("the scripts noted %q", got)
				}
			}
		})
	}
}

const owners = "# the owner's\n"

// furnish makes the root a place that packages can be installed in.
func furnish(t *testing.T, root, busybox string) {
	t.Helper()
	write(t, root+"/lib/functions.sh", "note() { echo \"$@\" >>\"$IPKG_INSTROOT\"/notes; }\nadd_group_and_user() { :; }\n"+
		"default_postinst() { note postinst ${PKG_UPGRADE:+upgrade}; }\ndefault_prerm() { note prerm; }\n")
	write(t, root+"/etc/rc.common", "echo \"$@\" >>/notes\n")
	write(t, root+"/var/lock/here", "")
	write(t, root+"/etc/opkg.conf", "dest root /\narch all 1\narch x86_64 10\n")
	write(t, root+"/bin/sh", read(t, busybox))
	if err := os.Chmod(root+"/bin/sh", 0o755); err != nil {
		t.Fatal(err)
	}
}

// filesOf lists the regular files of a root with their modes, without what the package managers keep for themselves.
func filesOf(t *testing.T, root string) map[string]string {
	t.Helper()
	own := []string{"lib/apk", "usr/lib/opkg", "var/lib/opkg", "var/log", "var/cache", "dev", "proc", "tmp", "etc/apk"}
	list := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains(own, path) {
			return fs.SkipDir
		}
		if e.Type().IsRegular() {
			info, err := e.Info()
			if err != nil {
				return err
			}
			list["/"+path] = fmt.Sprintf("%o", info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
