package config

import (
	"bufio"
	"bytes"
	"strings"
)

// Locate fills in the lines of problems from the text of the file they were found in. An option that is set several
// times is found where it counts: the last time in the first section of its type.
func Locate(file []byte, problems []Problem) {
	lines := map[string]int{}
	seen := map[string]bool{}
	var section string
	sc := bufio.NewScanner(bytes.NewReader(file))
	for n := 1; sc.Scan(); n++ {
		words := strings.Fields(sc.Text())
		if len(words) < 2 {
			continue
		}
		name := strings.Trim(words[1], `'"`)
		switch words[0] {
		case "config", "c":
			if section = name; seen[name] {
				section = "" // a second section of the type does not count
			}
			seen[name] = true
		case "option", "o", "list", "l":
			if section != "" {
				lines[section+"."+name] = n
			}
		}
	}
	for i := range problems {
		problems[i].Line = lines[problems[i].Option]
	}
}
