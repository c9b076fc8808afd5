package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// buildSystem is what the recipe needs of OpenWrt's: it shows variables, and installs into $(DESTDIR) with "the program" as
// the program.
var buildSystem = map[string]string{
	"rules.mk": `
INCLUDE_DIR:=$(TOPDIR)/include
INSTALL_DIR:=install -d -m0755
CP:=cp -fpR
`,
	"include/package.mk": `
PKG_BUILD_DIR:=$(TOPDIR)/build
define BuildPackage
show:
	$$(foreach v,PKG_SOURCE_PROTO PKG_FILE_DEPENDS GO_PKG_TAGS GO_PKG_LDFLAGS GO_PKG_INSTALL_EXTRA,$$(info $$(v)=$$($$(v))))@:
prepare:
	mkdir -p $(PKG_BUILD_DIR)
	$(Build/Prepare)
	$(foreach hook,$(Hooks/Prepare/Post),$(call $(hook)))
compile: prepare
	$(Build/Compile)
install:
	$(call Package/$(1)/install,$$(DESTDIR))
endef
`,
	"feeds/packages/lang/golang/golang-package.mk": `
define GoBinPackage
endef
define GoPackage/Build/Compile
	@cd $(PKG_BUILD_DIR) && echo "flags:" && printf '<%s> ' $(1) && test -s datamodel/packed.gz
endef
define GoPackage/Package/Install/Bin
	$(INSTALL_DIR) $(1)$(GO_PKG_INSTALL_BIN_PATH)
	printf 'the program' >$(1)$(GO_PKG_INSTALL_BIN_PATH)/cwmpd
	chmod 0755 $(1)$(GO_PKG_INSTALL_BIN_PATH)/cwmpd
endef
`,
}

// makeRecipe has GNU make read the recipe in a directory.
func makeRecipe(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("no make here")
	}
	top := t.TempDir()
	for name, text := range buildSystem {
		write(t, filepath.Join(top, name), text)
	}
	cmd := exec.Command("make", append([]string{"--no-print-directory", "-r", "-C", dir, "TOPDIR=" + top}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestRecipeInstallsWhatIsPacked: a package built inside OpenWrt and one made by mkpkg have the same files.
func TestRecipeInstallsWhatIsPacked(t *testing.T) {
	dest := t.TempDir()
	makeRecipe(t, "../../openwrt", "install", "DESTDIR="+dest)
	installed := map[string]string{}
	err := filepath.WalkDir(dest, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		if mode&0o100 == 0 && mode != 0o600 {
			mode = 0o644 // what a umask left of it
		} else if mode != 0o600 {
			mode = 0o755
		}
		installed[strings.TrimPrefix(path, dest+"/")] = fmt.Sprintf("%o %s", mode, read(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range recipe(t).files {
		if got, want := installed[f.name], fmt.Sprintf("%o %s", f.mode, f.data); got != want {
			t.Errorf("/%s: the recipe installs %.60q, mkpkg packs %.60q", f.name, got, want)
		}
		delete(installed, f.name)
	}
	for name := range installed {
		t.Errorf("/%s is installed by the recipe, and not packed by mkpkg", name)
	}
}

// TestRecipeCompilesAsTheMakefileDoes: the compiler and the linker are told the same, and the data model is packed.
func TestRecipeCompilesAsTheMakefileDoes(t *testing.T) {
	_, got, _ := strings.Cut(makeRecipe(t, "../../openwrt", "compile"), "flags:\n")
	out, err := exec.Command("make", "-s", "--no-print-directory", "-C", "../..", "flags").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := exec.Command("sh", "-c", "printf '<%s> ' "+string(out)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) || !strings.Contains(got, "<-gcflags=all=-d=") {
		t.Errorf("the recipe has the compiler told\n%s\nthe Makefile means\n%s", got, want)
	}
	top := read(t, "../../Makefile")
	value := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + `\s*:=\s*(.*)$`).FindStringSubmatch(top)
		if m == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return m[1]
	}
	if export := "export GOEXPERIMENT:=" + value("INLINER") + "\n"; !strings.Contains(read(t, "../../openwrt/Makefile"), export) {
		t.Errorf("the recipe lacks %q, without which the budget of the inliner is Go's own", export)
	}
	on := func(arch string) string { return makeRecipe(t, "../../openwrt", "show", "ARCH="+arch) }
	if got := on("mipsel"); !strings.Contains(got, "GO_PKG_LDFLAGS="+value("TIGHT")+"\n") {
		t.Errorf("the linker is told, for mipsel, %s", got)
	}
	if got := on("x86_64"); !strings.Contains(got, "GO_PKG_LDFLAGS=\n") || !strings.Contains(got, "GO_PKG_TAGS="+value("TAGS")+",packed,netgo,osusergo\n") {
		t.Errorf("for x86_64 it is told %s", got)
	}
}

// TestRecipeTakesTheTree: below the sources it builds these, whole; by itself it fetches a release.
func TestRecipeTakesTheTree(t *testing.T) {
	shown := func(dir string) map[string]string {
		v := map[string]string{}
		for _, l := range strings.Split(makeRecipe(t, dir, "show"), "\n") {
			if name, text, ok := strings.Cut(l, "="); ok {
				v[name] = text
			}
		}
		return v
	}
	here := shown("../../openwrt")
	if here["PKG_SOURCE_PROTO"] != "" {
		t.Errorf("in the tree it fetches by %s", here["PKG_SOURCE_PROTO"])
	}
	out, err := exec.Command("go", "list", "-e", "-deps", "-tags", strings.ReplaceAll(here["GO_PKG_TAGS"], ",", " "), "-json=Dir,GoFiles,EmbedPatterns,Module", "../cwmpd").Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	extra := regexp.MustCompile(here["GO_PKG_INSTALL_EXTRA"])
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir                    string
			GoFiles, EmbedPatterns []string
			Module                 *struct{ Main bool }
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		part, _, _ := strings.Cut(strings.TrimPrefix(p.Dir, root+"/"), "/")
		if !slices.Contains(strings.Fields(here["PKG_FILE_DEPENDS"]), filepath.Join(root, part)) {
			t.Errorf("%s is not among what the recipe copies: %s", p.Dir, here["PKG_FILE_DEPENDS"])
		}
		for _, name := range p.EmbedPatterns { // golang-package.mk takes Go files by itself
			if !extra.MatchString("./" + name) {
				t.Errorf("%s/%s lies in the program, and GO_PKG_INSTALL_EXTRA does not name it", p.Dir, name)
			}
		}
	}

	alone := t.TempDir()
	write(t, alone+"/Makefile", read(t, "../../openwrt/Makefile"))
	if v := shown(alone); v["PKG_SOURCE_PROTO"] != "git" || v["PKG_FILE_DEPENDS"] != "" {
		t.Errorf("by itself it fetches by %q, of %q", v["PKG_SOURCE_PROTO"], v["PKG_FILE_DEPENDS"])
	}
}
