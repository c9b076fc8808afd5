// Oneline writes the sources of Go's library and of this module anew, with each function on one line, and an overlay that has
// `go build` take them: `go run ./cmd/oneline DIR`, then `go build -overlay DIR/overlay.json`.
//
// For each instruction a program knows its line, a fortieth of all its bytes on MIPS. Where a function has one line only,
// a traceback still names the functions, the files, and the line in which each function begins; 0.25 MB of flash are won.
// Modules in Go's cache stay as they are: the go tool lets nobody replace those.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// left are the directories that stay as they are. Long arithmetic is one of them: the compiler orders independent instructions by
// their lines, and without them it moves more values to and fro.
var left = []string{"testdata", "fiat", "edwards25519", "sha3"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oneline DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "oneline:", err)
		os.Exit(1)
	}
}

// run writes the overlay and what it refers to into dir.
func run(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "-m").Output()
	if err != nil {
		return fmt.Errorf("go list -m: %w", err)
	}
	module := strings.TrimSpace(string(out))
	if out, err = exec.Command("go", "env", "GOROOT").Output(); err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	replace := map[string]string{}
	library := filepath.Join(strings.TrimSpace(string(out)), "src")
	for _, root := range []string{library, filepath.Join(module, "cmd/cwmpd"), filepath.Join(module, "internal"), filepath.Join(module, "datamodel")} {
		if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (slices.Contains(left, d.Name()) || path == filepath.Join(library, "cmd")):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			to := filepath.Join(dir, path)
			replace[path] = to
			return rewrite(path, to)
		}); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "overlay.json"), text, 0o644)
}

func rewrite(from, to string) error {
	src, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	joined := join(src)
	if !equal(src, joined) {
		joined = src
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, joined, 0o644)
}

// join puts each function of a file on the line it begins in. What is outside of functions stays as it is, on its line: there
// are the comments that tell the compiler something.
func join(src []byte) []byte {
	var out bytes.Buffer
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, src, nil, scanner.ScanComments)
	depth, function := 0, false // in how many brackets, and whether of a function
	owed := 0                   // newlines left out so far, to be made good after the function
	last := 0
	for {
		pos, tok, text := s.Scan()
		at := max(last, file.Offset(pos)) // the end of a statement may be said to be within the comment after it
		gap := src[last:at]
		if function {
			owed += bytes.Count(gap, []byte{'\n'})
			out.WriteByte(' ')
		} else {
			if bytes.IndexByte(gap, '\n') >= 0 {
				out.WriteString(strings.Repeat("\n", owed))
				owed = 0
			}
			out.Write(gap)
		}
		if tok == token.EOF {
			return out.Bytes()
		}
		last = at + len(text)
		switch {
		case tok == token.SEMICOLON && text == "\n":
			if last = at; function {
				text = ";"
			} else {
				text = ""
			}
		case tok == token.COMMENT && function:
			owed += strings.Count(text, "\n")
			text = ""
		case text == "":
			text = tok.String()
			last = at + len(text)
		}
		out.WriteString(text)
		switch tok {
		case token.FUNC:
			function = function || depth == 0
		case token.LBRACE, token.LPAREN, token.LBRACK:
			depth++
		case token.RBRACE, token.RPAREN, token.RBRACK:
			depth--
		case token.SEMICOLON:
			function = function && depth > 0
		case token.TYPE, token.VAR, token.CONST, token.IMPORT:
			function = function && depth > 0
		}
	}
}

// equal reports whether two files are the same to the compiler: the same words in the same order.
func equal(a, b []byte) bool {
	var words [2][]string
	for i, src := range [2][]byte{a, b} {
		var s scanner.Scanner
		s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, nil, 0)
		for {
			_, tok, text := s.Scan()
			if tok == token.EOF {
				break
			}
			if tok == token.SEMICOLON {
				text = ""
			}
			words[i] = append(words[i], tok.String()+text)
		}
	}
	return strings.Join(words[0], "\x00") == strings.Join(words[1], "\x00")
}
