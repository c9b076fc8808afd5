package model

import "strings"

// Notify is what the data model says of active notification.
type Notify int

const (
	NotifyNormal  Notify = iota
	NotifyDeny           // active notification may be refused (9009)
	NotifyForced         // always active
	NotifyDefault        // active until the ACS says otherwise
)

// A Def is the definition of a parameter or, with a trailing dot, of an object.
type Def struct {
	Path     string // with {i}: "Device.WiFi.SSID.{i}.Enable", "Device.WiFi.SSID.{i}."
	Object   bool
	Type     Type // of a parameter
	Writable bool // of a table: rows can be added and deleted
	Notify   Notify
	Inform   bool // belongs into every Inform
	Hidden   bool // reads as the empty string
	Command  bool // reads false; writing true does something
	Compat   bool // deleted from the standard or never in it
	Unmet    bool // a `needs` of the object or of one above it does not hold: not in the tree
	Implied  bool // Alias or …NumberOfEntries that no line wrote
	File     string
	Line     int    // 0 for an object that only stands between others
	Source   string // as written
}

// Definitions visits every object and parameter: those in the tree in order, then those left out by `needs`.
func (t *Tree) Definitions(visit func(Def)) {
	c := t.compiled.Load()
	for _, o := range c.order {
		visit(o.def)
		for _, p := range o.params {
			visit(p.def)
		}
	}
	for _, d := range c.unmet {
		visit(d)
	}
}

// Stats counts what the tree can say.
type Stats struct {
	Files, Objects, Tables, Parameters, Writable, Hidden, Compat int
	Verbs                                                        map[string]int // parameters by the verb of their source; "" for the implied ones
	Unmet                                                        []string       // objects left out by `needs`
}

// Stats counts the definitions in use.
func (t *Tree) Stats() Stats {
	c := t.compiled.Load()
	s := Stats{Files: c.files, Objects: len(c.order), Tables: len(c.tables), Verbs: map[string]int{}}
	for _, o := range c.order {
		s.Parameters += len(o.params)
		for _, p := range o.params {
			s.count(&p.def)
		}
	}
	for _, d := range c.unmet {
		if d.Object {
			s.Unmet = append(s.Unmet, d.Path)
		}
	}
	return s
}

func (s *Stats) count(d *Def) {
	for is, n := range map[*int]bool{&s.Writable: d.Writable, &s.Hidden: d.Hidden, &s.Compat: d.Compat} {
		if n {
			*is++
		}
	}
	verb, _, _ := strings.Cut(d.Source, " ")
	s.Verbs[verb]++
}
