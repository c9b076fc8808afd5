package conformance

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	logFile   = flag.String("log", "", "the log of go test -v ./... that tells how the tests went")
	tableFile = flag.String("table", "", "where the table is written")
)

// A result is how one test, or one requirement, went.
type result string

const (
	passed    result = "passed"
	failed    result = "FAILED"
	skipped   result = "skipped" // the log says why
	notRun    result = "not run"
	explained result = "explained"
	uncovered result = "NO TEST"
)

// readResults reads the log of go test -v: first the tests of a package, then the package. The lists of subtests are flat:
// "TestScenarios/firmware".
func readResults(t *testing.T, file string) map[claim]result {
	t.Helper()
	log, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var (
		test = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \(`)
		pkg  = regexp.MustCompile(`^(?:ok|FAIL|---)[ \t]+github\.com/cwmpd/cwmpd/(\S+)`)
		word = map[string]result{"PASS": passed, "FAIL": failed, "SKIP": skipped}
	)
	results, of := map[claim]result{}, map[string]result{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if m := test.FindStringSubmatch(lines.Text()); m != nil {
			of[m[2]] = word[m[1]]
		} else if m := pkg.FindStringSubmatch(lines.Text()); m != nil {
			for name, r := range of {
				results[claim{m[1], name}] = r
			}
			clear(of)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return results
}

// resultOf is how a test went for one requirement: where the name of a subtest has the number, that subtest counts as well.
func resultOf(results map[claim]result, c claim, id string) result {
	r, ran := results[c]
	if !ran {
		return notRun
	}
	number := regexp.MustCompile(`/(?:.*[^\w-])?` + id + `(?:\W|_|$)`)
	all := map[result]bool{}
	for other, res := range results {
		if other.pkg == c.pkg && strings.HasPrefix(other.test, c.test+"/") && number.MatchString(other.test[len(c.test):]) {
			all[res] = true
		}
	}
	if r == passed && all[skipped] && !all[passed] {
		return skipped
	}
	return r
}

// A row of the table is a requirement with those who claim it.
type row struct {
	requirement
	result
	tests []string
}

func makeRow(r requirement, claims []claim, results map[claim]result) row {
	line := row{requirement: r, result: explained}
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.test, b.test)) })
	seen := map[result]bool{}
	for _, c := range claims {
		res := resultOf(results, c, r.id)
		seen[res] = true
		text := c.String()
		if res != passed {
			text += ": " + string(res)
		}
		line.tests = append(line.tests, text)
	}
	switch {
	case seen[failed]:
		line.result = failed
	case seen[notRun]:
		line.result = notRun
	case seen[passed]:
		line.result = passed
	case seen[skipped]:
		line.result = skipped
	case r.reason == "":
		line.result = uncovered
	}
	return line
}

// TestTable writes the table; a requirement whose tests did not pass, or that has none and no reason, fails it.
func TestTable(t *testing.T) {
	if *logFile == "" {
		t.Skip("the table is made by make conformance")
	}
	results, claims := readResults(t, *logFile), findClaims(t)
	if len(results) < 500 {
		t.Fatalf("%s tells of %d tests only", *logFile, len(results))
	}
	var table strings.Builder
	fmt.Fprintf(&table, "What TR-069 Amendment 6 asks of a CPE, and the tests that prove it.\n")
	counts := map[bool]map[result]int{false: {}, true: {}}
	section := ""
	for _, r := range append(readLists(t), furtherCases(t, claims)...) {
		line := makeRow(r, claims[r.id], results)
		if r.section != section {
			section = r.section
			fmt.Fprintf(&table, "\n%s\n\n", section)
		}
		fmt.Fprintf(&table, "%-6s %-9s %-9s %s\n", r.id, levels[r.level], line.result, r.title)
		if r.reason != "" {
			fmt.Fprintf(&table, "%28s(%s)\n", "", r.reason)
		}
		for _, test := range line.tests {
			fmt.Fprintf(&table, "%28s%s\n", "", test)
		}
		counts[r.level == ""][line.result]++
		if line.result != passed && line.result != explained {
			t.Errorf("%s %s: %s", r.id, line.result, r.title)
		}
	}
	table.WriteString("\n" + summary("requirements", counts[false]) + summary("cases", counts[true]))
	if err := os.WriteFile(*tableFile, []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// furtherCases are those that tests claim and the catalogue does not list.
func furtherCases(t *testing.T, claims map[string][]claim) (list []requirement) {
	known := map[string]bool{}
	for _, r := range readLists(t) {
		known[r.id] = true
	}
	for id := range claims {
		if !known[id] {
			list = append(list, requirement{id: id, section: "Further cases"})
		}
	}
	slices.SortFunc(list, func(a, b requirement) int { return cmp.Compare(a.id, b.id) })
	return list
}

func summary(what string, counts map[result]int) string {
	all, parts := 0, []string{}
	for _, r := range []result{passed, explained, skipped, notRun, failed, uncovered} {
		all += counts[r]
		if counts[r] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[r], r))
		}
	}
	return fmt.Sprintf("%d %s: %s\n", all, what, strings.Join(parts, ", "))
}
