// Package config turns /etc/config/cwmp into a checked struct.
//
// Sections and options have the names icwmp gave them, so that an existing file goes on working; easycwmp's words for
// the same things are taken too. A value that cannot be used never stops the agent: it is reported as a Problem and the
// default takes its place, since a router that cannot reach its ACS cannot be repaired by it.
package config
