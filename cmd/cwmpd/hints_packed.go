//go:build packed

package main

// modelHints is a developer's tool, as import-bbfdm is.
func modelHints(*options, []string) {}
