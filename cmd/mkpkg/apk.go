package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"sort"
	"strings"
)

// apk packs for OpenWrt 25.12 and later. What OpenWrt's own scripts want to know of a package lies beside it in
// /lib/apk/packages: the list of its files, its conffiles, these with their checksums, and whom it wants in /etc/group.
func (p *pkg) apk(arch string) ([]byte, error) {
	files := append([]file{}, p.files...)
	const notes = "lib/apk/packages/"
	var list, conf, static strings.Builder
	for _, f := range files {
		fmt.Fprintf(&list, "/%s\n", f.name)
		if f.conf {
			fmt.Fprintf(&conf, "/%s\n", f.name)
			fmt.Fprintf(&static, "/%s %x\n", f.name, sha256.Sum256(f.data))
		}
	}
	for suffix, text := range map[string]string{"list": list.String(), "conffiles": conf.String(), "conffiles_static": static.String(), "rusers": p.users} {
		if text == "" {
			continue
		}
		if suffix == "rusers" {
			text += "\n"
		}
		files = append(files, file{name: notes + p.name + "." + suffix, mode: 0o644, data: []byte(text)})
	}

	a := newADB()
	acl := func(mode uint32) word { return a.object(a.int(mode), a.text("root"), a.text("root")) }
	identity := bytes.Repeat([]byte{0xd7}, 20) // of no meaning, but like nothing else
	id := a.blob(identity)

	// Directories by name, the root ("") first; in each its files by name.
	dirs := map[string][]file{"": nil}
	installed := 0
	for _, f := range files {
		installed += len(f.data)
		dir := strings.TrimPrefix(path.Dir(f.name), ".")
		dirs[dir] = append(dirs[dir], f)
		for up := dir; up != ""; up = strings.TrimPrefix(path.Dir(up), ".") {
			dirs[up] = dirs[up][:len(dirs[up]):len(dirs[up])] // it exists
		}
	}
	names := make([]string, 0, len(dirs))
	for name := range dirs {
		names = append(names, name)
	}
	sort.Strings(names)
	var paths []word
	var contents []byte
	for i, name := range names {
		inside := dirs[name]
		sort.Slice(inside, func(i, j int) bool { return inside[i].name < inside[j].name })
		var entries []word
		for j, f := range inside {
			sum := sha256.Sum256(f.data)
			entries = append(entries, a.object(a.text(path.Base(f.name)), acl(f.mode), a.int(uint32(len(f.data))), a.int(p.time), a.blob(sum[:])))
			if len(f.data) > 0 {
				where := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(i+1)), uint32(j+1))
				contents = appendBlock(contents, blockData, where, f.data)
			}
		}
		paths = append(paths, a.object(a.text(name), acl(0o755), a.array(entries...)))
	}

	depends := append([]string{}, p.depends...)
	sort.Strings(depends)
	var wanted []word
	for _, d := range depends {
		wanted = append(wanted, a.object(a.text(d)))
	}
	info := a.object(a.text(p.name), a.text(p.version), id, a.text(p.title), a.text(arch), a.text(p.license), a.text(p.origin),
		a.text(p.maintainer), a.text(p.url), 0, a.int(p.time), a.int(uint32(installed)), 0, 0, a.array(wanted...), 0, 0, 0, 0, 0,
		a.array(a.text("openwrt:section="+p.section)))
	const install = "add_group_and_user\ndefault_postinst\n"
	scripts := a.object(0, 0, a.text(p.apkScript(install+p.postinst)), a.text(p.apkScript("default_prerm\n"+p.prerm)), 0, 0,
		a.text(p.apkScript("export PKG_UPGRADE=1\n"+install+p.postinst)))
	block := a.finish(a.object(info, a.array(paths...), scripts), identity)

	plain := append([]byte("ADB.pckg"), appendBlock(nil, blockADB, block)...)
	var out bytes.Buffer
	out.WriteString("ADBd")
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	w.Write(append(plain, contents...))
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// apkScript is one of the scripts as OpenWrt's own packages have them: its functions.sh does the work.
func (p *pkg) apkScript(calls string) string {
	return `#!/bin/sh
[ "${IPKG_NO_SCRIPT}" = 1 ] && exit 0
[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
export root="${IPKG_INSTROOT}"
export pkgname="` + p.name + `"
` + calls
}
