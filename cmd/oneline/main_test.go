package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJoin(t *testing.T) {
	tests := []struct{ name, in, out string }{ // out with single spaces
		{"a function", "func f() int {\n\tx := 1\n\n\treturn x\n}\n\nvar y = 2\n", "func f ( ) int { x := 1 ; return x ; } ; var y = 2"},
		{"comments within", "func f() {\n\t// no\n\tg() // no\n}\n", "func f ( ) { g ( ) ; } ;"},
		{"a comment over two lines ends a statement", "func f() {\n\tg() /* no\n\tno */\n\th()\n}\n", "func f ( ) { g ( ) ; h ( ) ; } ;"},
		{"orders to the compiler stay", "//go:noinline\nfunc f() {\n}\n\n//go:embed x\nvar x []byte\n", "//go:noinline func f ( ) { } ; //go:embed x var x []byte"},
		{"a group stays", "var (\n\t//go:embed x\n\tx []byte\n)\n", "var ( //go:embed x x []byte )"},
		{"a long text keeps its lines", "func f() string {\n\treturn `a\nb`\n}\n", "func f ( ) string { return `a b` ; } ;"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := string(join([]byte(test.in)))
			if strings.Join(strings.Fields(got), " ") != test.out {
				t.Errorf("got  %q\nwant %q", got, test.out)
			}
			if !equal([]byte(test.in), []byte(got)) {
				t.Error("the compiler would read something else")
			}
			if a, b := strings.Count(test.in, "\n"), strings.Count(got, "\n"); a != b {
				t.Errorf("%d lines became %d", a, b)
			}
		})
	}
	if equal([]byte("x = 1"), []byte("x = 2")) {
		t.Error("1 and 2 are told to be equal")
	}
}

// TestFunctionsBeginWhereTheyDid: what follows a function is on its own line still, in each file of this package's neighbours.
func TestFunctionsBeginWhereTheyDid(t *testing.T) {
	files, err := filepath.Glob("../../internal/*/*.go")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, after := strings.Split(string(src), "\n"), strings.Split(string(join(src)), "\n")
		if len(before) != len(after) {
			t.Errorf("%s: %d lines became %d", name, len(before), len(after))
			continue
		}
		for i, line := range before {
			if strings.HasPrefix(line, "func ") && !strings.HasPrefix(after[i], "func ") {
				t.Errorf("%s:%d: %q begins elsewhere", name, i+1, line)
				break
			}
		}
	}
}
