// Package uci reads and writes the UCI files of one router root (/etc/config), as libuci does and beside it.
//
// [Parse] and [Package.Bytes] follow libuci's grammar byte for byte, quirks included, since people and other programs
// write these files too: what libuci refuses is a [SyntaxError] here, and what it accepts means the same. There are
// two deliberate differences. A NUL byte is refused (libuci cuts the line there), and a section type that would not
// survive libuci's own writer, such as a#b, is written with quotes.
//
// As with libuci, comments, blank lines and the style of quoting are lost when a package is written; the order of
// sections and options stays. A package that does not change is not written.
//
// An anonymous section has a computed name such as cfg030f15: its place among all sections and a hash of its type. It
// moves when a section before it goes. So an [Edit] remembers what the section held when its author saw it
// (Edit.Base), and [Dir.Begin] finds the section by that, or refuses with a [BusyError].
//
// # Writing
//
// [Dir.Begin] takes libuci's lock (flock) on every package that the edits touch, reads the packages again and replays
// the edits; the caller hands [Write.Files] to state.Commit and then calls [Write.Close]. Deltas (uncommitted changes
// in /tmp/.uci) are not applied and not ours to commit: an edit that meets one of somebody else on the same option
// fails, all others leave it alone. While rpcd waits for the confirmation of an apply every write fails, since the
// rollback would copy old files back over it.
//
// libuci unlocks before it renames, and a rename replaces the locked inode; three measures close the gap:
//
//   - after the lock is taken the inode behind the path must be the locked one, else once more;
//   - a fresh temporary file of libuci (.PACKAGE.uci-XXXXXX) means that a commit is between its unlock and its rename;
//     it is waited for;
//   - Close, which comes after our rename, also writes the new content into the inode that the rename replaced: a
//     libuci that already waits for the lock of that inode then reads our change instead of undoing it. Close waits
//     until such programs are through.
package uci
