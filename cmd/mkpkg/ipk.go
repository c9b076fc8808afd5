package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"sort"
	"strings"
	"time"
)

// ipk packs for opkg (OpenWrt up to 24.10): a gzipped tar of three members, two of them gzipped tars themselves.
func (p *pkg) ipk(arch string) ([]byte, error) {
	data, err := p.tarball(p.files)
	if err != nil {
		return nil, err
	}
	installed := 0
	var conf strings.Builder
	for _, f := range p.files {
		installed += len(f.data)
		if f.conf {
			fmt.Fprintf(&conf, "/%s\n", f.name)
		}
	}
	var control strings.Builder
	for _, field := range [][2]string{
		{"Package", p.name}, {"Version", p.version}, {"Depends", strings.Join(append([]string{"libc"}, p.depends...), ", ")},
		{"Source", p.origin}, {"SourceName", p.name}, {"License", p.license}, {"LicenseFiles", "LICENSE"}, {"Section", p.section}, {"Require-User", p.users},
		{"SourceDateEpoch", fmt.Sprint(p.time)}, {"URL", p.url}, {"Maintainer", p.maintainer}, {"Architecture", arch},
		{"Installed-Size", fmt.Sprint(installed)}, {"Description", strings.ReplaceAll(p.title+"\n"+p.text, "\n", "\n ")},
	} {
		if field[1] != "" {
			fmt.Fprintf(&control, "%s: %s\n", field[0], field[1])
		}
	}
	about := []file{
		{name: "control", mode: 0o644, data: []byte(control.String())},
		{name: "conffiles", mode: 0o644, data: []byte(conf.String())},
		{name: "postinst", mode: 0o755, data: []byte(ipkScript("default_postinst"))},
		{name: "postinst-pkg", mode: 0o755, data: []byte(p.postinst)},
		{name: "prerm", mode: 0o755, data: []byte(ipkScript("default_prerm"))},
		{name: "prerm-pkg", mode: 0o755, data: []byte(p.prerm)},
	}
	controls, err := p.tarball(about)
	if err != nil {
		return nil, err
	}
	return p.tarball([]file{
		{name: "debian-binary", mode: 0o644, data: []byte("2.0\n")},
		{name: "data.tar.gz", mode: 0o644, data: data},
		{name: "control.tar.gz", mode: 0o644, data: controls},
	})
}

// ipkScript hands over to OpenWrt's functions, which run our own part (…-pkg) too.
func ipkScript(call string) string {
	return `#!/bin/sh
[ "${IPKG_NO_SCRIPT}" = 1 ] && exit 0
[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
` + call + " $0 $@\n"
}

// tarball is a gzipped GNU tar whose bytes depend on nothing but the files: root's, of one time, each directory before what
// is in it.
func (p *pkg) tarball(files []file) ([]byte, error) {
	var out bytes.Buffer
	zw, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	tw := tar.NewWriter(zw)
	head := tar.Header{Format: tar.FormatGNU, ModTime: time.Unix(int64(p.time), 0), Uname: "", Gname: ""}
	seen := map[string]bool{}
	var dirs func(dir string) error
	dirs = func(dir string) error {
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		if dir != "." {
			if err := dirs(path.Dir(dir)); err != nil {
				return err
			}
		}
		h := head
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, "./"+strings.TrimPrefix(dir+"/", "./"), 0o755
		return tw.WriteHeader(&h)
	}
	for _, f := range sorted(files) {
		if err := dirs(path.Dir(f.name)); err != nil {
			return nil, err
		}
		h := head
		h.Typeflag, h.Name, h.Mode, h.Size = tar.TypeReg, "./"+f.name, int64(f.mode), int64(len(f.data))
		if err := tw.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := tw.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// sorted lists files by name; of an ipk's three members, debian-binary comes first as it is.
func sorted(files []file) []file {
	if len(files) > 0 && files[0].name == "debian-binary" {
		return files
	}
	list := append([]file{}, files...)
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}
