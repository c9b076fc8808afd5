package sandbox

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// kinds/NAME.txt tells what another router has otherwise than the home router of root/: a comment that says what it
// is, then sections.
//
//	-- gone --     patterns as path.Match has them, one a line; what they match is not there, nor what is below it
//	-- PATH --     a file and its text
//	-- PATH/ --    files of a directory, each a line: its name and, after a blank, its text
//
//go:embed kinds/*.txt
var kindFiles embed.FS

// homeText is the rest of the home router, in the same form.
//
//go:embed root.txt
var homeText string

// Home is the router that New makes: Wi-Fi, a DSA switch, OpenWrt 24.10.
const Home = "home"

// Kinds lists the routers that there are, each with one line that says what it is.
func Kinds() map[string]string {
	kinds := map[string]string{Home: "a Wi-Fi home router of 24.10 with a DSA switch, a guest network and two uplinks"}
	entries, _ := fs.ReadDir(kindFiles, "kinds")
	for _, e := range entries {
		text, _ := fs.ReadFile(kindFiles, "kinds/"+e.Name())
		first, _, _ := strings.Cut(string(text), "\n")
		kinds[strings.TrimSuffix(e.Name(), ".txt")] = strings.TrimPrefix(first, "# ")
	}
	return kinds
}

// filesOf returns what is on a router of a kind before its first boot.
func filesOf(kind string) (map[string]string, error) {
	files := map[string]string{}
	if err := collect(files, rootFiles, "root", ""); err != nil {
		return nil, err
	}
	if err := collect(files, scripts, "scripts", "sbin/"); err != nil {
		return nil, err
	}
	change(files, homeText)
	if kind == Home {
		return files, nil
	}
	text, err := fs.ReadFile(kindFiles, "kinds/"+kind+".txt")
	if err != nil {
		return nil, fmt.Errorf("no router %q, there are %s", kind, strings.Join(slices.Sorted(maps.Keys(Kinds())), ", "))
	}
	change(files, string(text))
	return files, nil
}

func collect(files map[string]string, from fs.FS, dir, to string) error {
	return fs.WalkDir(from, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		files[to+strings.TrimPrefix(name, dir+"/")] = string(data)
		return err
	})
}

// change makes the home router's files those of the kind that text describes.
func change(files map[string]string, text string) {
	section, body := "", ""
	end := func() {
		switch {
		case section == "gone":
			remove(files, strings.Fields(body))
		case strings.HasSuffix(section, "/"):
			for line := range strings.Lines(body) {
				if name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " "); name != "" {
					files[section+name] = value + "\n"
				}
			}
		case section != "":
			files[section] = body
		}
		body = ""
	}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			end()
			section = strings.TrimSuffix(name, " --")
			continue
		}
		body += line
	}
	end()
}

// remove takes away what one of the patterns matches, and what is in a directory that one matches.
func remove(files map[string]string, patterns []string) {
	for name := range files {
		for at := name; at != "."; at = path.Dir(at) {
			if slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, at); return ok }) {
				delete(files, name)
				break
			}
		}
	}
}
