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
show: ; $$(foreach v,PKG_BUILD_DIR PKG_SOURCE_PROTO PKG_FILE_DEPENDS GO_PKG GO_PKG_TAGS GO_PKG_GCFLAGS GO_PKG_INSTALL_EXTRA CWMPD_HOT,$$(info $$(v)=$$($$(v))))@:
prepare: ; mkdir -p $$(PKG_BUILD_DIR) && $$(Build/Prepare)
compile: ; $$(Build/Compile)
install: ; $$(call Package/$(1)/install,$$(DESTDIR))
endef
`,
	"feeds/packages/lang/golang/golang-package.mk": `
define GoBinPackage
endef
define GoPackage/Build/Compile
	@echo "go install -gcflags \"$(GO_PKG_GCFLAGS)\" -tags \"$(GO_PKG_TAGS)\" $(1)"
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

// TestRecipeCompilesAsTheMakefileDoes: the same tags, and the same functions inlined.
func TestRecipeCompilesAsTheMakefileDoes(t *testing.T) {
	top := read(t, "../../Makefile")
	value := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + `\s*:=\s*(.*)$`).FindStringSubmatch(top)
		if m == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return strings.NewReplacer("$(MODULE)", "github.com/cwmpd/cwmpd").Replace(m[1])
	}
	got := makeRecipe(t, "../../openwrt", "compile")
	want := fmt.Sprintf(`go install -gcflags "all=%s" -tags "%s,netgo,osusergo" -gcflags=%s=`,
		value("COLD"), value("TAGS"), strings.Join(strings.Fields(value("HOT")), "= -gcflags="))
	if strings.TrimSpace(got) != want {
		t.Errorf("the recipe calls\n%s\nthe Makefile means\n%s", got, want)
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
	out, err := exec.Command("go", "list", "-deps", "-json=Dir,Standard,GoFiles,EmbedFiles,Module", "../cwmpd").Output()
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
			Dir                 string
			GoFiles, EmbedFiles []string
			Module              *struct{ Main bool }
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
		for _, name := range p.EmbedFiles { // golang-package.mk takes Go files by itself
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
