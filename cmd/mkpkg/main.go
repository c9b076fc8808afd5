// Mkpkg builds the program for OpenWrt's architectures and packs it for opkg (.ipk) and apk (.apk), without OpenWrt's SDK.
// `make packages` calls it; what is in a package, openwrt/ says.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

func main() {
	out := pflag.StringP("out", "o", "bin/packages", "directory for the packages")
	build := pflag.String("build", "CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'", "`command` that builds, without what and where to")
	pages4k := pflag.String("pages4k", "", "`flags` added for the processors of --pages4k-on")
	pages4kOn := pflag.StringSlice("pages4k-on", nil, "values of GOARCH for which every kernel of OpenWrt's has pages of 4 KiB")
	list := pflag.BoolP("list", "l", false, "list the architectures and what Go builds for each")
	pflag.Usage = func() {
		fmt.Fprint(os.Stderr, "Usage: mkpkg [flags] [architecture…]\n\nPacks for the architectures given, or for all.\n\n"+pflag.CommandLine.FlagUsages())
	}
	pflag.Parse()
	if *list {
		for _, a := range arches {
			fmt.Printf("%-27s %s\n", a.name, a.env)
		}
		return
	}
	if err := run(*out, *build, *pages4k, *pages4kOn, pflag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mkpkg:", err)
		os.Exit(1)
	}
}

func run(out, build, pages4k string, pages4kOn, names []string) error {
	wanted, err := choose(names)
	if err != nil {
		return err
	}
	p, err := readRecipe("openwrt")
	if err != nil {
		return err
	}
	if p.time, err = sourceDate(); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	programs, err := os.MkdirTemp("", "mkpkg")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	built := map[string][]byte{}
	for _, a := range wanted {
		program, done := built[a.env]
		if !done {
			flags := build
			if slices.Contains(pages4kOn, a.goarch()) {
				flags += " " + pages4k
			}
			if program, err = compile(flags, a.env, filepath.Join(programs, "cwmpd")); err == nil {
				err = checkProgram(program, a.goarch())
			}
			if err != nil {
				return err
			}
			built[a.env] = program
		}
		sizes, err := p.with(program).write(out, a.name)
		if err != nil {
			return err
		}
		fmt.Printf("%-27s %9d bytes of program%s\n", a.name, len(program), sizes)
	}
	return nil
}

func choose(names []string) ([]arch, error) {
	if len(names) == 0 {
		return arches, nil
	}
	var wanted []arch
	for _, name := range names {
		i := 0
		for i < len(arches) && arches[i].name != name {
			i++
		}
		if i == len(arches) {
			return nil, fmt.Errorf("no architecture %q; mkpkg --list names them", name)
		}
		wanted = append(wanted, arches[i])
	}
	return wanted, nil
}

func compile(build, env, to string) ([]byte, error) {
	cmd := exec.Command("sh", "-c", "env GOOS=linux "+env+" "+build+" -o '"+to+"' ./cmd/cwmpd")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build for %s: %w", env, err)
	}
	return os.ReadFile(to)
}

// with is the package with the program in it.
func (p *pkg) with(program []byte) *pkg {
	q := *p
	q.files = append(append([]file{}, p.files...), file{name: "usr/sbin/cwmpd", mode: 0o755, data: program})
	q.files = sorted(q.files)
	return &q
}

// write packs both forms and tells their sizes. opkg's files bear the architecture in their name, apk's lie in a directory of their own.
func (p *pkg) write(out, arch string) (sizes string, err error) {
	dir := filepath.Join(out, arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, form := range []struct {
		name, suffix string
		pack         func(arch string) ([]byte, error)
	}{
		{fmt.Sprintf("%s_%s_%s", p.name, p.version, arch), ".ipk", p.ipk},
		{fmt.Sprintf("%s-%s", p.name, p.version), ".apk", p.apk},
	} {
		data, err := form.pack(arch)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, form.name+form.suffix), data, 0o644)
		}
		if err != nil {
			return "", err
		}
		sizes += fmt.Sprintf(" %9d %s", len(data), form.suffix)
	}
	return sizes, nil
}

// sourceDate is SOURCE_DATE_EPOCH, else the time of the last commit, else a day before any release.
func sourceDate() (uint32, error) {
	text, ok := os.LookupEnv("SOURCE_DATE_EPOCH")
	if !ok {
		b, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return 1_735_689_600, nil // no repository: 2025-01-01
		}
		text = string(b)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return uint32(n), nil
}
