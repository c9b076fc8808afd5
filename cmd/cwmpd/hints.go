//go:build !packed

package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/datamodel"
)

// A dmName is a line of a .dm file that begins an object, or a parameter of it.
type dmName struct {
	object, param string // param is "" for the object itself
	line          int
}

// dmNames lists what a .dm file is about, without looking at how.
func dmNames(text string) []dmName {
	var names []dmName
	object, more := "", false
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		words := strings.Fields(line)
		goesOn := more
		more = strings.HasSuffix(line, " \\")
		switch {
		case goesOn || len(words) == 0:
		case strings.HasPrefix(line, "Device."):
			object = words[0]
			names = append(names, dmName{object, "", n})
		case line[0] <= ' ' && words[0][0] >= 'A' && words[0][0] <= 'Z':
			names = append(names, dmName{object, words[0], n})
		}
	}
	return names
}

// modelHints tells of names that are neither in the built-in model nor a vendor's, as typing errors are, on the error output:
// they may be the standard's all the same, of which the built-in model has what OpenWrt knows.
func modelHints(o *options, files []string) {
	known := map[string][]string{} // an object's parameters; below "" the objects
	builtin, _ := fs.Glob(datamodel.Files, "*.dm")
	for _, file := range builtin {
		text, _ := fs.ReadFile(datamodel.Files, file)
		for _, n := range dmNames(string(text)) {
			if n.param == "" && !slices.Contains(known[""], n.object) {
				known[""] = append(known[""], n.object)
			}
			known[n.object] = append(known[n.object], n.param)
		}
	}
	if len(files) == 0 {
		for _, dir := range []string{"usr/share/cwmpd/datamodel", "etc/cwmpd/datamodel"} {
			more, _ := filepath.Glob(filepath.Join(o.root, dir, "*.dm"))
			files = append(files, more...)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, n := range dmNames(string(text)) {
			name, among := n.object, known[""]
			if n.param != "" {
				name, among = n.param, known[n.object]
			}
			if len(among) == 0 || slices.Contains(among, name) || strings.Contains(n.object, ".X_") || strings.HasPrefix(n.param, "X_") ||
				n.param == "Alias" || strings.HasSuffix(n.param, "NumberOfEntries") {
				continue
			}
			hint := ""
			if near := nearestName(name, among); near != "" {
				hint = ", the nearest is " + near
			}
			fmt.Fprintf(o.stderr, "%s:%d: hint: the built-in model has no %s, and a vendor's name begins with X_%s\n", file, n.line, name, hint)
		}
	}
}

// nearestName is the one that a typing error or two make of the word, "" where none is near.
func nearestName(word string, names []string) string {
	best, least := "", 1+min(3, len(word)/3)
	for _, name := range names {
		a, b := strings.ToLower(word), strings.ToLower(name)
		for a != "" && b != "" && a[0] == b[0] {
			a, b = a[1:], b[1:]
		}
		if d := distance(a, b); name != "" && d < least {
			best, least = name, d
		}
	}
	return best
}
