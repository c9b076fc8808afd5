package model

import (
	"fmt"
	"slices"
	"strings"
)

// habits maps what people write from other languages to what a .dm file calls it.
var habits = map[string]string{
	"bool": "boolean", "uint": "unsignedInt", "uint32": "unsignedInt", "int32": "int", "integer": "int", "number": "int",
	"uint64": "unsignedLong", "int64": "long", "str": "string", "text": "string", "date": "dateTime", "time": "dateTime",
	"ip": "IPAddress", "ipaddr": "IPAddress", "mac": "MACAddress", "ro": "r", "readonly": "r", "w": "rw", "wr": "rw", "password": "hidden",
	"need": "needs", "row": "rows", "script": "exec", "shell": "exec", "literal": "const", "func": "call", "reference": "pathRef",
}

// didYouMean is the end of a message about an unknown word: what stands nearest to it, else all that is known.
func didYouMean(got string, known []string) string {
	const far = 6 // twice three letters
	best, least := "", far
	for _, k := range known {
		d := 2 * distance(strings.ToLower(got), strings.ToLower(k), far/2)
		if got != "" && strings.EqualFold(got[:1], k[:min(1, len(k))]) {
			d-- // people seldom miss the first letter
		}
		if d < least && d < 2*len(k) && d < 2*len(got) {
			best, least = k, d
		}
	}
	if h := habits[strings.ToLower(got)]; slices.Contains(known, h) {
		best = h
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	return ", expected one of " + strings.Join(known, " ")
}

// distance counts the letters to insert, drop or change between a and b; most and above are all the same.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most || len(a) > 64 || len(b) > 64 {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], most)
}

// sortedKeys are the keys of m, for stable messages and files.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
