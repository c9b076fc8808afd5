package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckProgram builds a program as packages have it, then says of the same bytes that they are something else.
func TestCheckProgram(t *testing.T) {
	for _, a := range arches {
		if _, ok := machines[a.goarch()]; !ok {
			t.Errorf("nobody knows how the program for %s has to look", a.name)
		}
	}
	dir := t.TempDir()
	write(t, dir+"/go.mod", "module x\n")
	write(t, dir+"/main.go", "package main\n\nfunc main() {}\n")
	file := filepath.Join(dir, "x")
	build := exec.Command("go", "build", "-o", file, ".")
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=mipsle", "GOMIPS=softfloat", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkProgram(program, "mipsle"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"mips", "mips64le", "386", "riscv64"} {
		if err := checkProgram(program, other); err == nil || !strings.HasSuffix(err.Error(), "is no program for "+other) {
			t.Errorf("for %s: %v", other, err)
		}
	}
	heads := binary.LittleEndian.Uint32(program[28:])
	for kind, name := range map[uint32]string{2: "PT_DYNAMIC", 3: "PT_INTERP"} {
		linked := bytes.Clone(program)
		binary.LittleEndian.PutUint32(linked[heads:], kind)
		if err := checkProgram(linked, "mipsle"); err == nil || !strings.HasSuffix(err.Error(), "not static: it has a segment "+name) {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if err := checkProgram([]byte("the program"), "mipsle"); err == nil {
		t.Error("text is a program")
	}
}
