package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A pkg is what goes into a package of any form. All but the program is read from openwrt/, so that a package made here and
// one made inside OpenWrt are the same.
type pkg struct {
	name, version, title, text, section, license, maintainer, url, origin string
	depends                                                               []string
	users                                                                 string // what OpenWrt's scripts add to /etc/passwd and /etc/group, USER=UID:GROUP=GID
	postinst, prerm                                                       string // own parts, after OpenWrt's default ones
	time                                                                  uint32 // of every file, so that equal sources make equal packages
	files                                                                 []file
}

// A file's name has no slash before it. conf: its owner may edit it, an upgrade keeps it.
type file struct {
	name string
	mode uint32
	data []byte
	conf bool
}

var (
	variable = regexp.MustCompile(`(?m)^\s*(PKG_\w+|TITLE|URL|SECTION|DEPENDS|USERID):=(.*)$`)
	block    = regexp.MustCompile(`(?ms)^define Package/cwmpd/(\w+)\n(.*?)^endef$`)
)

// readRecipe takes the package's facts from openwrt/Makefile and its files from openwrt/files.
func readRecipe(dir string) (*pkg, error) {
	makefile, err := os.ReadFile(filepath.Join(dir, "Makefile"))
	if err != nil {
		return nil, err
	}
	v, b := map[string]string{}, map[string]string{}
	for _, m := range variable.FindAllStringSubmatch(string(makefile), -1) {
		v[m[1]] = strings.TrimSpace(m[2])
	}
	for _, m := range block.FindAllStringSubmatch(string(makefile), -1) {
		b[m[1]] = strings.ReplaceAll(m[2], "$$", "$")
	}
	p := &pkg{
		name: v["PKG_NAME"], version: v["PKG_VERSION"] + "-r" + v["PKG_RELEASE"], title: v["TITLE"], section: v["SECTION"],
		license: v["PKG_LICENSE"], maintainer: v["PKG_MAINTAINER"], url: v["URL"], origin: "feeds/cwmpd/cwmpd",
		users: v["USERID"], postinst: b["postinst"], prerm: b["prerm"],
	}
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(b["description"]), "\n") {
		lines = append(lines, strings.TrimSpace(l))
	}
	p.text = strings.Join(lines, "\n")
	for _, d := range strings.Fields(v["DEPENDS"]) {
		if name, ok := strings.CutPrefix(d, "+"); ok { // others are conditions of OpenWrt's build
			p.depends = append(p.depends, name)
		}
	}
	for _, must := range []string{p.name, v["PKG_VERSION"], v["PKG_RELEASE"], p.title, p.text, p.section, p.license, p.maintainer, p.url} {
		if must == "" {
			return nil, fmt.Errorf("%s/Makefile lacks one of name, version, release, title, description, section, licence, maintainer, URL", dir)
		}
	}
	conf := map[string]bool{}
	for _, l := range strings.Fields(b["conffiles"]) {
		conf[strings.TrimPrefix(l, "/")] = true
	}
	root := filepath.Join(dir, "files")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := file{name: filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))), mode: 0o644, data: data}
		f.conf = conf[f.name]
		switch {
		case info.Mode()&0o100 != 0:
			f.mode = 0o755
		case f.conf:
			f.mode = 0o600 // secrets are in it
		}
		delete(conf, f.name)
		p.files = append(p.files, f)
		return nil
	})
	for name := range conf {
		return nil, fmt.Errorf("%s/Makefile: conffile /%s is not in %s", dir, name, root)
	}
	return p, err
}
