// Package source knows where values live: in UCI files, behind ubus methods, in files of /proc, /sys and /etc, in
// scripts, on D-Bus, in the agent's own state, or in a Go function. It implements the verbs of the .dm language, which
// datamodel/README.md describes for those who write in it; this page is for those who change a verb.
//
// A line of a .dm file is compiled once, when the data model is loaded: Router.Compile turns its words into an
// expression, and no text is taken apart when a value is read. Every verb has one file, with a type per use: a value
// implements getter and perhaps setter, a rows clause lister and perhaps deleter, and so on (reader.go lists them).
//
// A transaction is a Reader. It asks each place once and remembers the answer, that of a failure too, so one ubus reply
// serves all parameters that quote it, and a daemon that hangs costs one deadline and not one per parameter:
//
//	file             read once, at most 1 MiB; only regular files, never above the root
//	ubus             each method with the same arguments once, 3 s; an object that hung is not asked again
//	exec             each command line once, 5 s, 64 KiB, an argv and no shell, an environment of PATH alone
//	dbus             GetAll once per object and interface, GetManagedObjects once, 3 s
//	uci              a package loaded once; what the transaction changed itself is kept as edits and in a private copy
//	state            the agent's own values, in etc/cwmpd/values.json
//	call             whatever its function asks through the Reader, the kernel by netlink too: one dump of a kind
//
// A failure is an empty value and one line in the log until the place works again, never an error of a parameter: a
// router whose Wi-Fi is down still has a tree. Text that comes in is cut to 64 KiB and made valid UTF-8; what fills a
// placeholder of a file name, of ubus arguments or of a UCI name cannot break out of it.
//
// A write changes what the transaction reads from then on, and nothing else. Prepare replays the UCI edits under
// libuci's locks on what the files hold by then; the tree commits all files as one. What is not a file (exec, dbus)
// waits until the commit, and runs before the files. What may cut off who asks for it (an init script, an interface that
// goes down) is an errand: Reader.After leaves it to the end of the session, after the reloads.
//
// A Reader belongs to one goroutine. The Router is shared: its mutex guards the saved values and the D-Bus connection.
package source
