package main

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func recipe(t *testing.T) *pkg {
	t.Helper()
	p, err := readRecipe("../../openwrt")
	if err != nil {
		t.Fatal(err)
	}
	p.time = 1_767_225_600
	return p.with([]byte("the program"))
}

func TestRecipe(t *testing.T) {
	p := recipe(t)
	byName := map[string]file{}
	for _, f := range p.files {
		byName[f.name] = f
	}
	for name, mode := range map[string]uint32{"usr/sbin/cwmpd": 0o755, "etc/init.d/cwmpd": 0o755, "etc/config/cwmp": 0o600, "lib/upgrade/keep.d/cwmpd": 0o644} {
		if byName[name].mode != mode || len(byName[name].data) == 0 {
			t.Errorf("%s: mode %o, %d bytes", name, byName[name].mode, len(byName[name].data))
		}
	}
	if !byName["etc/config/cwmp"].conf || byName["etc/init.d/cwmpd"].conf {
		t.Error("the configuration alone is a conffile")
	}
	if p.name != "cwmpd" || !strings.Contains(p.version, "-r") || strings.Join(p.depends, " ") != "ca-bundle" {
		t.Errorf("%s %s needs %q", p.name, p.version, p.depends)
	}
	if !strings.Contains(p.postinst, "/etc/init.d/cwmpd restart") || strings.Contains(p.postinst, "$$") {
		t.Errorf("after an upgrade runs %q", p.postinst)
	}
}

// TestReproducible: equal sources make equal packages, byte for byte.
func TestReproducible(t *testing.T) {
	for name, pack := range map[string]func(*pkg) ([]byte, error){
		"ipk": func(p *pkg) ([]byte, error) { return p.ipk("mipsel_24kc") },
		"apk": func(p *pkg) ([]byte, error) { return p.apk("mipsel_24kc") },
	} {
		var first []byte
		for range 5 {
			b, err := pack(recipe(t))
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = b
			}
			if !bytes.Equal(b, first) {
				t.Errorf("%s: packed again it is another", name)
			}
		}
	}
}

// entries reads a gzipped tar: "mode name" of each member, and the contents.
func entries(t *testing.T, data []byte) (list []string, contents map[string]string) {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	contents = map[string]string{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return list, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || !strings.HasPrefix(h.Name, "./") {
			t.Errorf("%s is of %d:%d", h.Name, h.Uid, h.Gid)
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%o %s", h.Mode, h.Name))
		contents[h.Name] = string(b)
	}
}

func TestIpk(t *testing.T) {
	p := recipe(t)
	b, err := p.ipk("mipsel_24kc")
	if err != nil {
		t.Fatal(err)
	}
	list, members := entries(t, b)
	if got := strings.Join(list, ", "); got != "755 ./, 644 ./debian-binary, 644 ./data.tar.gz, 644 ./control.tar.gz" {
		t.Errorf("members: %s", got)
	}
	list, files := entries(t, []byte(members["./data.tar.gz"]))
	for _, want := range []string{"755 ./usr/", "755 ./usr/sbin/cwmpd", "600 ./etc/config/cwmp"} {
		if !strings.Contains(strings.Join(list, "\n")+"\n", want+"\n") {
			t.Errorf("no %q in\n%s", want, strings.Join(list, "\n"))
		}
	}
	if files["./usr/sbin/cwmpd"] != "the program" {
		t.Error("the program is not in it")
	}
	_, about := entries(t, []byte(members["./control.tar.gz"]))
	for _, want := range []string{"Package: cwmpd\nVersion: " + p.version + "\nDepends: libc, ca-bundle\n", "\nArchitecture: mipsel_24kc\n", "\nDescription: TR-069 (CWMP) agent\n Lets "} {
		if !strings.Contains(about["./control"], want) {
			t.Errorf("no %q in\n%s", want, about["./control"])
		}
	}
	if about["./conffiles"] != "/etc/config/cwmp\n" || !strings.Contains(about["./postinst"], "default_postinst") || about["./postinst-pkg"] != p.postinst {
		t.Errorf("conffiles %q, postinst %q, then %q", about["./conffiles"], about["./postinst"], about["./postinst-pkg"])
	}
}

// TestApk reads the container's outside: a block of values, then each file's contents at a multiple of eight octets.
func TestApk(t *testing.T) {
	p := recipe(t)
	b, err := p.apk("mipsel_24kc")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("ADBd")) {
		t.Fatalf("begins with %q", b[:4])
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(b[4:])))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(plain, []byte("ADB.pckg")) {
		t.Fatalf("begins with %q", plain[:8])
	}
	var kinds []uint32
	var values []byte
	contents := map[[32]byte]bool{}
	for at := 8; at < len(plain); {
		tag := binary.LittleEndian.Uint32(plain[at:])
		size := int(tag & 0x3fffffff)
		kinds = append(kinds, tag>>30)
		if tag>>30 == 0 {
			values = plain[at+4 : at+size]
		} else {
			contents[sha256.Sum256(plain[at+12:at+size])] = true
		}
		at += (size + 7) &^ 7
	}
	if kinds[0] != 0 || len(kinds) != 1+len(p.files)+3 { // with OpenWrt's three notes
		t.Errorf("blocks of kinds %v for %d files", kinds, len(p.files))
	}
	for _, f := range p.files {
		if !contents[sha256.Sum256(f.data)] {
			t.Errorf("/%s is not in it", f.name)
		}
	}
	for _, want := range []string{"cwmpd.conffiles_static", "mipsel_24kc", p.version, "openwrt:section=net", "PKG_UPGRADE=1", "default_prerm"} {
		if !bytes.Contains(values, []byte(want)) {
			t.Errorf("the values lack %q", want)
		}
	}
}

// TestInstall gives the packages to the real opkg and apk, where they are: a root with a shell and a note-taking stand-in for
// OpenWrt's functions.sh; install, upgrade with an edited configuration, remove.
func TestInstall(t *testing.T) {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("no busybox here to be the router's shell")
	}
	if out, _ := exec.Command("ldd", busybox).CombinedOutput(); !bytes.Contains(out, []byte("not a dynamic executable")) {
		t.Skip("the busybox here is not static (Debian: busybox-static)")
	}
	for _, tool := range []struct {
		name, env string
		do        func(root string, args ...string) []string
		add, del  []string
	}{
		{"apk", "CWMPD_APK", func(root string, args ...string) []string {
			return append([]string{"--root", root, "--arch", "x86_64", "--allow-untrusted", "--no-network"}, args...)
		}, []string{"add"}, []string{"del", "cwmpd"}},
		{"opkg", "CWMPD_OPKG", func(root string, args ...string) []string {
			return append([]string{"--conf", root + "/etc/opkg.conf", "--offline-root", root}, args...)
		}, []string{"install"}, []string{"remove", "cwmpd"}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			program := os.Getenv(tool.env)
			if program == "" {
				if program, err = exec.LookPath(tool.name); err != nil {
					t.Skipf("no %s here, and %s names none", tool.name, tool.env)
				}
			}
			root, out := t.TempDir(), t.TempDir()
			write(t, root+"/lib/functions.sh", "note() { echo \"$@\" >>\"$IPKG_INSTROOT\"/notes; }\nadd_group_and_user() { :; }\n"+
				"default_postinst() { note postinst ${PKG_UPGRADE:+upgrade}; }\ndefault_prerm() { note prerm; }\n")
			write(t, root+"/etc/rc.common", "echo \"$@\" >>/notes\n")
			write(t, root+"/var/lock/here", "")
			write(t, root+"/etc/opkg.conf", "dest root /\narch all 1\narch x86_64 10\n")
			shell, err := os.ReadFile(busybox)
			if err != nil {
				t.Fatal(err)
			}
			write(t, root+"/bin/sh", string(shell))
			if err := os.Chmod(root+"/bin/sh", 0o755); err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) {
				t.Helper()
				cmd := exec.Command(program, tool.do(root, args...)...)
				if b, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%q: %v\n%s", args, err, b)
				}
			}
			p := recipe(t)
			pack := func(version string) string {
				p.version = version
				if _, err := p.write(out, "x86_64"); err != nil {
					t.Fatal(err)
				}
				if tool.name == "apk" {
					return filepath.Join(out, "x86_64", "cwmpd-"+version+".apk")
				}
				return filepath.Join(out, "x86_64", "cwmpd_"+version+"_x86_64.ipk")
			}
			if tool.name == "apk" {
				run("--initdb", "add")
			}
			for _, needed := range []string{"libc", "ca-bundle"} {
				dependency := &pkg{name: needed, version: "1-r1"}
				if _, err := dependency.write(out, "all"); err != nil {
					t.Fatal(err)
				}
				if tool.name == "apk" {
					run("add", "--virtual", needed)
				} else {
					run("install", out+"/all/"+needed+"_1-r1_all.ipk")
				}
			}
			run(append(tool.add, pack("0.1.0-r1"))...)
			if got := read(t, root+"/usr/sbin/cwmpd"); got != "the program" {
				t.Errorf("installed is %q", got)
			}
			if info, err := os.Stat(root + "/etc/config/cwmp"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the configuration: %v %v", info, err)
			}
			write(t, root+"/etc/config/cwmp", "# the owner's\n")
			run(append(tool.add, pack("0.1.0-r2"))...)
			if got := read(t, root+"/etc/config/cwmp"); got != "# the owner's\n" {
				t.Errorf("the upgrade made the configuration %q", got)
			}
			run(tool.del...)
			if _, err := os.Stat(root + "/usr/sbin/cwmpd"); err == nil {
				t.Error("the program is still there when the package is removed")
			}
			if tool.name == "apk" { // opkg with an offline root runs no scripts
				if got := read(t, root+"/notes"); got != "postinst\npostinst upgrade\n/etc/init.d/cwmpd restart\nprerm\n" {
					t.Errorf("the scripts noted %q", got)
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
