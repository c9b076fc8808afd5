//go:build packed

package main

import "errors"

// importBBFDM is a developer's tool: it would fill 36 kB of a router's flash.
func importBBFDM(*options, string) error {
	return errors.New("the program for routers does not have import-bbfdm: run that of make build, on a PC")
}
