package model

// A Row is one instance of a table. A Source fills in Key to Data; the tree sets the rest.
//
// Key names the row for ever within its parent: a section's name, a MAC address, and for an anonymous UCI section a
// fingerprint of its content (with an ordinal for twins), since libuci's own name moves with its position.
type Row struct {
	Key      string
	Package  string // UCI package and section as libuci names them today; empty where there is none
	Section  string
	Place    string // where an anonymous row lies ("firewall.cfg0a92bd"); a row whose Key is new takes over the number of a lost row of the same Place; "" never does
	ReadOnly bool   // nothing of it can be set, nor can it be deleted (Alias excepted)
	Data     any    // whatever the source wants to remember

	Parent *Row   // nil for a row that is not below another row; set by the tree
	Number uint32 // instance number, 0 for the root; set by the tree
}

// IsRoot reports whether r stands for everything outside tables: no key, no section, no number.
func (r *Row) IsRoot() bool { return r == nil || r.Number == 0 }

// Var is the value of a {placeholder}: a `let` of the row, of its singletons or of its parents, or one of section, key, n,
// parent.section, parent.key, parent.n (parent.parent.key and so on too). Absent is "".
func (r *Row) Var(name string) string { return "" }

// Table is the definition's path of the row's table, "Device.WiFi.SSID." or "Device.IP.Interface.{i}.IPv4Address."; "" for the root.
func (r *Row) Table() string { return "" }

// Path is the row's own path today, without a trailing dot: "Device.IP.Interface.2.IPv4Address.1"; "" for the root.
func (r *Row) Path() string { return "" }
