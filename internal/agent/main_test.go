package agent

import (
	"flag"
	"os"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// archive has the envelopes of all tests (INV-1).
var archive cwmptest.Archive

// TestMain lets more tests run side by side than there are processors: they wait for seconds that TR-069 asks for, and
// compute little.
func TestMain(m *testing.M) {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
	os.Exit(archive.Check(m.Run(), "../../../shared/xsd"))
}
