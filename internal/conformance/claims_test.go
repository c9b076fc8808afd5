package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A claim is a test that says of itself that it proves a requirement.
type claim struct {
	pkg  string // "internal/web"
	test string // "TestCookies", "TestScenarios/firmware"
}

func (c claim) String() string { return c.pkg + " " + c.test }

const top = "../.."

// scenarios tells which test plays the files of a directory.
var scenarios = map[string]claim{"internal/agent/testdata": {"internal/agent", "TestScenarios"}}

// findClaims reads all tests of the project and returns who claims a number.
func findClaims(t *testing.T) map[string][]claim {
	t.Helper()
	claims := map[string][]claim{}
	add := func(c claim, ids []string) {
		for _, id := range ids {
			if !slices.Contains(claims[id], c) {
				claims[id] = append(claims[id], c)
			}
		}
	}
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		dir := filepath.ToSlash(filepath.Dir(rel))
		play, isPlay := scenarios[dir]
		switch {
		case d.IsDir() && (rel == "bin" || rel == "internal/conformance" || strings.HasPrefix(d.Name(), ".") && rel != "."):
			return fs.SkipDir
		case strings.HasSuffix(rel, "_test.go"):
			return fileClaims(path, dir, add)
		case isPlay && strings.HasSuffix(rel, ".txt"):
			text, err := os.ReadFile(path)
			title, _, _ := strings.Cut(string(text), "\n-- ")
			play.test += "/" + strings.TrimSuffix(d.Name(), ".txt")
			add(play, idPattern.FindAllString(title, -1))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func fileClaims(path, pkg string, add func(claim, []string)) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		c := claim{pkg, f.Name.Name}
		if m := inName.FindStringSubmatch(c.test); m != nil {
			add(c, []string{m[1] + "-" + m[2]})
		}
		add(c, idPattern.FindAllString(f.Doc.Text(), -1))
		for _, group := range file.Comments {
			if f.Pos() < group.Pos() && group.End() < f.End() {
				add(c, labelIDs(group.Text()))
			}
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				add(c, labelIDs(text))
			}
			return true
		})
	}
	return nil
}

var (
	inName    = regexp.MustCompile(`^Test(INV|[A-Z])(\d+)_`)
	idPattern = regexp.MustCompile(`(?:\b(?:INV|[A-Z])-\d+\b|§\d+(?:\.\d+)?)`)
	atFirst   = regexp.MustCompile(`^` + anID + `(?:(?:, ?| and | )` + anID + `)*(?:[:.,; ]|$)`)
	inParens  = regexp.MustCompile(`\(` + anID + `(?:(?:, ?|; ?| and | )` + anID + `)*(?:\)|: |, )`)
)

// labelIDs are the numbers at the beginning of a text, and those in parentheses.
func labelIDs(text string) []string {
	text = strings.TrimSpace(text)
	list := idPattern.FindAllString(atFirst.FindString(text), -1)
	for _, p := range inParens.FindAllString(text, -1) {
		list = append(list, idPattern.FindAllString(p, -1)...)
	}
	return list
}

func TestLabelIDs(t *testing.T) {
	for text, want := range map[string]string{
		"R-31 an empty table":          "R-31",
		"T-281, R-1: what is missing":  "T-281 R-1",
		"nothing to change (R-52)":     "R-52",
		"kept (R-50, T-212) for ever":  "R-50 T-212",
		"§3.8 a log file":              "§3.8",
		"SetParameterValues key=K-1":   "",
		"K-1\n":                        "K-1",
		"as R-3 says in other words":   "",
		"B-12x":                        "",
		"T-185 T-193 everything at it": "T-185 T-193",
	} {
		if got := strings.Join(labelIDs(text), " "); got != want {
			t.Errorf("%q claims %q, want %q", text, got, want)
		}
	}
}
