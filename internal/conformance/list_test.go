package conformance

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A requirement is one line of the lists.
type requirement struct {
	id, level, title string
	reason           string // why it is not there; "partly: …" why only a part is
	section          string
}

const anID = `(?:(?:INV|[A-Z])-\d+|§\d+(?:\.\d+)?)`

var levels = map[string]string{"M": "must", "S": "should", "O": "may", "MN": "must not", "PD": "own rule", "": ""}

// readLists returns the requirements, and after them the cases of the catalogue.
func readLists(t *testing.T) []requirement {
	t.Helper()
	return append(readList(t, "requirements.txt", regexp.MustCompile(`^(`+anID+`) +(M|S|O|MN|PD) +(\S.*)$`)),
		readList(t, "cases.txt", regexp.MustCompile(`^(`+anID+`)() +(\S.*)$`))...)
}

func readList(t *testing.T, file string, entry *regexp.Regexp) (list []requirement) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		reason, isReason := strings.CutPrefix(strings.TrimSpace(line), ": ")
		m := entry.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "## "):
			section = line[3:]
		case line == "" || line[0] == '#':
		case isReason && len(list) > 0:
			list[len(list)-1].reason = reason
		case m == nil:
			t.Errorf("%s: %q is no entry", file, line)
		case seen[m[1]]:
			t.Errorf("%s: %s is there twice", file, m[1])
		default:
			seen[m[1]] = true
			list = append(list, requirement{id: m[1], level: m[2], title: m[3], section: section})
		}
	}
	return list
}

// The lists have every number that the specification has, where that is at hand.
func TestListsAreComplete(t *testing.T) {
	have := map[string]bool{}
	for _, r := range readLists(t) {
		have[r.id] = true
	}
	for file, pattern := range map[string]string{
		"cwmp.md":       `(?:^|[^\w-])([A-Z]-\d+)\b`,
		"cwmp-tests.md": `(?m)(?:^\| |[^\w…-])((?:Z|INV)-\d+|T-\d+) (?:\||\w)`,
	} {
		data, err := os.ReadFile("../../../shared/spec/" + file)
		if err != nil {
			t.Skipf("the specification is not at hand: %v", err)
		}
		text, _, _ := strings.Cut(string(data), "\n# Open points")
		found := 0
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			if found++; !have[m[1]] {
				t.Errorf("%s of %s is in no list", m[1], file)
				have[m[1]] = true
			}
		}
		if found < 200 {
			t.Errorf("only %d numbers found in %s", found, file)
		}
	}
}

// Each requirement has a test that claims it, or a reason; and each number that a test claims exists. Only cases may be
// numbered that the catalogue does not list.
func TestEverythingIsCovered(t *testing.T) {
	claims := findClaims(t)
	known := map[string]bool{}
	for _, r := range readLists(t) {
		known[r.id] = true
		partly := strings.HasPrefix(r.reason, "partly: ")
		switch tests := claims[r.id]; {
		case len(tests) == 0 && (r.reason == "" || partly):
			t.Errorf("%s (%s) is claimed by no test, and no reason is given", r.id, r.title)
		case len(tests) > 0 && r.reason != "" && !partly:
			t.Errorf("%s (%s) is claimed by %s although it is not there: %s", r.id, r.title, tests[0], r.reason)
		}
	}
	var unknown []string
	for id := range claims {
		if !known[id] && !strings.HasPrefix(id, "T-") { // the catalogue is not complete on purpose
			unknown = append(unknown, id+" by "+claims[id][0].String())
		}
	}
	slices.Sort(unknown)
	for _, u := range unknown {
		t.Errorf("in no list: %s", u)
	}
}
