//go:build packed

package datamodel_test

import (
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// The packed data model says what the files say. `make size` runs this.
func TestPacked(t *testing.T) {
	definitions := func(files fs.FS) (list []string) {
		load(t, files).Definitions(func(d model.Def) {
			d.File, d.Line = "", 0
			list = append(list, fmt.Sprintf("%+v", d))
		})
		return list
	}
	want, got := definitions(os.DirFS(".")), definitions(datamodel.Files)
	if len(got) != len(want) || len(got) < 100 {
		t.Fatalf("%d definitions, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
}
