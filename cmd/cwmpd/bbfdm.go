//go:build !packed

package main

import (
	"fmt"
	"os"

	"github.com/cwmpd/cwmpd/internal/bbfdm"
)

func importBBFDM(o *options, file string) error {
	plugin, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dm, left, err := bbfdm.Translate(plugin, o.vendor)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, line := range left {
		fmt.Fprintln(o.stderr, line)
	}
	_, err = o.stdout.Write(dm)
	return err
}
