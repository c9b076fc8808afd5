//go:build !packed

package datamodel

import (
	"embed"
	"io/fs"
)

//go:embed *.dm
var files embed.FS

// Files are the definitions built into the daemon. Files of the same form in /usr/share/cwmpd/datamodel and
// /etc/cwmpd/datamodel add to them and win over them.
var Files fs.FS = files
