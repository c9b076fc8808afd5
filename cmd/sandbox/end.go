package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ofTheDay is what differs between two tours that went alike: ports, moments, what was drawn by lot, and the checksums of such.
var ofTheDay = regexp.MustCompile(`127\.0\.0\.1:\d+` +
	`|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z` +
	`|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|/[0-9a-f]{32}`)

// endState is what a tour leaves on a router, as one text: the agent's state and the configuration, without what is of the
// day, and the commands that were run. Two agents that did the same leave the same.
func endState(root string) (string, error) {
	var all strings.Builder
	add := func(name string) error {
		text, err := os.ReadFile(filepath.Join(root, name))
		fmt.Fprintf(&all, "== %s\n%s\n", name, ofTheDay.ReplaceAll(text, []byte("…")))
		return err
	}
	err := filepath.WalkDir(filepath.Join(root, "etc"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(path, "~") { // the version before
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return add(name)
	})
	if err != nil {
		return "", err
	}
	err = add("tmp/commands.log")
	return all.String(), err
}
