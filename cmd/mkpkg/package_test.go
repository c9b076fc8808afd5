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
	for _, want := range []string{"Package: cwmpd\nVersion: " + p.version + "\nDepends: libc, ca-bundle\n", "\nRequire-User: :cwmp\n", "\nArchitecture: mipsel_24kc\n", "\nDescription: TR-069 (CWMP) agent\n Lets "} {
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
	if kinds[0] != 0 || len(kinds) != 1+len(p.files)+4 { // with OpenWrt's four notes
		t.Errorf("blocks of kinds %v for %d files", kinds, len(p.files))
	}
	for _, f := range p.files {
		if !contents[sha256.Sum256(f.data)] {
			t.Errorf("/%s is not in it", f.name)
		}
	}
	for _, want := range []string{"cwmpd.conffiles_static", "cwmpd.rusers", "mipsel_24kc", p.version, "openwrt:section=net", "PKG_UPGRADE=1", "default_prerm"} {
		if !bytes.Contains(values, []byte(want)) {
			t.Errorf("the values lack %q", want)
		}
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
