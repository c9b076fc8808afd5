package agent

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var instance = regexp.MustCompile(`\.\d+\.`)

// TestEachKindOfRouter reads the whole tree of every router of the sandbox. Nothing may be wrong with a definition or a
// value. testdata/kinds/NAME.txt says what must be in its tree and what must not:
//
//	Device.Ethernet.Interface.{i}. 2    an object, or so many rows of a table
//	!Device.WiFi.                       nothing of it
//	Device.Ethernet.Interface.1.Name = eth0
func TestEachKindOfRouter(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(sandbox.Kinds())) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile("testdata/kinds/" + kind + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			log := &lockedBuffer{}
			router := newRouterOf(t, "/dev/shm", kind)
			if err := router.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { router.Close() })
			p, err := Open(t.Context(), Options{Root: router.Dir, Files: datamodel.Files, Version: "test", Log: testLogger(log)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.Close() })
			for _, problem := range p.Problems {
				t.Errorf("%s:%d: %s", problem.File, problem.Line, problem.Msg)
			}
			objects, values := p.census(t)
			for _, line := range (section{text: string(want)}).lines() {
				holds(t, line, objects, values)
			}
			if strings.Contains(log.String(), "WARN") || strings.Contains(log.String(), "ERROR") {
				t.Errorf("the log:\n%s", log)
			}
		})
	}
}

// holds checks one line of what must be in the tree.
func holds(t *testing.T, line string, objects map[string]int, values map[string]string) {
	t.Helper()
	path, value, isValue := strings.Cut(line, " = ")
	name, count, counted := strings.Cut(line, " ")
	absent, isAbsent := strings.CutPrefix(line, "!")
	switch {
	case isValue:
		if got, ok := values[path]; got != value || !ok {
			t.Errorf("%s is %q, want %q", path, got, value)
		}
	case isAbsent:
		if n, ok := objects[absent]; ok {
			t.Errorf("%s is there, %d times", absent, n)
		}
	case counted:
		if got := strconv.Itoa(objects[name]); got != count {
			t.Errorf("%s is there %s times, want %s", name, got, count)
		}
	case objects[name] == 0:
		t.Errorf("%s is not there", name)
	}
}

// census counts each object's rows, 1 for one that is no table, and reads every value.
func (p *Parts) census(t *testing.T) (objects map[string]int, values map[string]string) {
	t.Helper()
	objects, values = map[string]int{}, map[string]string{}
	params := map[string]bool{}
	p.in(t, func(ctx context.Context, tx *model.Tx) {
		err := tx.Names(ctx, "", false, func(n model.Name) error {
			if !n.Object {
				params[string(n.Path)] = true
			} else {
				objects[generic(string(n.Path))]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Get(ctx, "", func(v *model.Param) error {
			values[string(v.Path)] = v.Value
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	for name := range params {
		if _, ok := values[name]; !ok {
			t.Errorf("%s has a name and no value", name)
		}
	}
	if len(values) != len(params) {
		t.Errorf("%d values, %d names", len(values), len(params))
	}
	return objects, values
}

// generic replaces instance numbers by {i}.
func generic(path string) string {
	for {
		next := instance.ReplaceAllString(path, ".{i}.")
		if next == path {
			return path
		}
		path = next
	}
}
