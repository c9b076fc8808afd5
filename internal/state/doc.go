// Package state makes small files survive: reboots, power cuts and full disks.
//
// A [Store] owns the directory etc/cwmpd of one router root. In it lie the agent's own facts as JSON, one file per
// fact, readable with cat over ssh, each with a version and a checksum. Beside each lies the copy before the last
// (name.json~), a hard link that costs no flash; it is read when the newer one is broken (P-2).
//
// [Store.Commit] changes any set of files, also others than its own, as one: after a power cut at any moment
// [Open] finds either all of them new or all of them old (P-1). It works so:
//
//  1. the new contents are written beside their targets as .NAME.cwmpd-tmp and synced. Only this step needs room on
//     the disk, so a full disk is noticed while nothing has changed;
//  2. a journal that names the targets, with the checksums of the old and of the new contents, appears under its
//     name by one rename. From here on the commit counts as done;
//  3. each temporary file is renamed over its target;
//  4. the journal goes.
//
// Open finds the journal after a cut between 2 and 4 and does 3 and 4 (again). A target that holds neither its old
// nor its new content was changed by somebody else meanwhile, and is left alone. If step 3 fails without a power cut
// (a disk that turned read-only), what was done is undone, by a journal of its own; when even this is impossible the
// journal stays and the next Open or Commit finishes it.
//
// A set of one needs no journal. Files that hold the wanted content already are not written at all, since flash wears
// (P-3). A file that exists keeps its mode and owner; a symbolic link is followed, as libuci does, and the file it
// names is replaced.
//
// The temporary names begin with a dot and hold a second one: libuci does not take them for packages.
package state
