package cwmptest

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// An Archive collects the envelopes of all tests of a package and holds them against the schemas in the end, at once:
// xmllint takes longer to read the schemas than a thousand messages. The zero value is ready; its methods may be used by
// many goroutines.
type Archive struct {
	mu        sync.Mutex // guards what follows
	envelopes [][]byte
	tests     []string // who made them
}

// Add keeps the envelopes that came to an ACS.
func (a *Archive) Add(test string, envelopes ...[]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range envelopes {
		a.envelopes = append(a.envelopes, e)
		a.tests = append(a.tests, test)
	}
}

// Check runs in a TestMain after the tests, with their exit code, and returns that of the whole. It says what is wrong,
// and where the schemas or xmllint are missing, that.
func (a *Archive) Check(code int, xsd string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.envelopes) == 0 {
		return code
	}
	work, err := os.MkdirTemp("", "envelopes")
	if err != nil {
		fmt.Println("INV-1:", err)
		return 1
	}
	defer os.RemoveAll(work)
	schema, err := OpenSchema(xsd, work)
	if err != nil {
		fmt.Printf("INV-1: %d envelopes are not held against the CWMP schemas: %v\n", len(a.envelopes), err)
		return code
	}
	if err := schema.Check(a.envelopes...); err != nil {
		fmt.Println("INV-1:", a.named(work, err.Error()))
		return 1
	}
	fmt.Printf("INV-1: %d envelopes are as the CWMP schemas want them\n", len(a.envelopes))
	return code
}

var numberedFile = regexp.MustCompile(`(\d{5,})\.xml`)

// named puts the test's name in place of the file's, and leaves out what is well.
func (a *Archive) named(work, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasSuffix(strings.TrimSpace(line), " validates") {
			continue
		}
		b.WriteString(numberedFile.ReplaceAllStringFunc(strings.ReplaceAll(line, work+"/", ""), func(name string) string {
			if n, err := strconv.Atoi(strings.TrimSuffix(name, ".xml")); err == nil && n >= 1 && n <= len(a.tests) {
				return a.tests[n-1]
			}
			return name
		}))
	}
	return b.String()
}
