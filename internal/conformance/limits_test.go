package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var limitLine = regexp.MustCompile(`(?m)^\t(\d+(?: (?:KiB|MiB|d|h|min|s))?|-) +([a-z/]+)\.?(\w*) +(\S.*)$`)

var units = map[string]int64{"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "d": int64(24 * time.Hour), "h": int64(time.Hour), "min": int64(time.Minute), "s": int64(time.Second)}

// The table of limits in internal/agent/limits.go says what the code says.
func TestLimitsAreThoseOfTheTable(t *testing.T) {
	table, err := os.ReadFile(top + "/internal/agent/limits.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	code := map[string]map[string]ast.Expr{}
	for _, m := range limitLine.FindAllStringSubmatch(string(table), -1) {
		pkg, name := m[2], m[3]
		if m[1] == "-" {
			continue
		}
		if code[pkg] == nil {
			code[pkg] = constants(t, pkg)
		}
		listed[pkg+"."+name] = true
		number, unit, _ := strings.Cut(m[1], " ")
		want, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := value(code[pkg], code[pkg][name]); err != nil || got != want*units[unit] {
			t.Errorf("%s.%s: the table has %s, the code %d, %v", pkg, name, m[1], got, err)
		}
	}
	if len(listed) < 80 {
		t.Errorf("only %d limits were read from the table", len(listed))
	}
}

// constants are those of a package, by their expressions.
func constants(t *testing.T, pkg string) map[string]ast.Expr {
	t.Helper()
	files, err := filepath.Glob(top + "/internal/" + pkg + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no package %s: %v", pkg, err)
	}
	all := map[string]ast.Expr{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				v := spec.(*ast.ValueSpec)
				for i, id := range v.Names {
					if i < len(v.Values) {
						all[id.Name] = v.Values[i]
					}
				}
			}
		}
	}
	return all
}

// value is a constant's number: of literals, other constants of the package, durations, and sums, products and shifts.
func value(names map[string]ast.Expr, e ast.Expr) (int64, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return strconv.ParseInt(e.Value, 0, 64)
	case *ast.Ident:
		return value(names, names[e.Name])
	case *ast.ParenExpr:
		return value(names, e.X)
	case *ast.SelectorExpr:
		if d, ok := map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}[e.Sel.Name]; ok {
			return int64(d), nil
		}
	case *ast.BinaryExpr:
		x, err1 := value(names, e.X)
		y, err2 := value(names, e.Y)
		if err1 != nil || err2 != nil {
			return 0, fmt.Errorf("%v %v", err1, err2)
		}
		switch e.Op {
		case token.MUL:
			return x * y, nil
		case token.ADD:
			return x + y, nil
		case token.SUB:
			return x - y, nil
		case token.SHL:
			return x << y, nil
		}
	}
	return 0, fmt.Errorf("%T is no constant that can be read", e)
}
