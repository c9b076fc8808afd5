// Package datamodel holds what this device can say: one .dm file per family of TR-181 objects. README.md, beside this
// file, describes the language.
//
// The program carries the files as they are, or, built with the tag "packed" as for routers, all in one, without comments
// and compressed: datamodel/packed.gz, which the Makefile makes.
package datamodel
