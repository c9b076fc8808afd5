// Package datamodel holds what this device can say: one .dm file per family of TR-181 objects. README.md, beside this
// file, describes the language.
package datamodel

import "embed"

// Files are the definitions built into the daemon. Files of the same form in /usr/share/cwmpd/datamodel and
// /etc/cwmpd/datamodel add to them and win over them.
//
//go:embed *.dm
var Files embed.FS
