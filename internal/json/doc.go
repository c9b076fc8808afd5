// Package json reads and writes JSON (RFC 8259) for files, for the bus and for the CLI: what encoding/json does of it, in a
// tenth of its room (180 kB of a program that must fit into small flashes), and held against it by tests. Its tags and
// rules are encoding/json's:
//
//   - `json:"name,omitempty"` and omitzero; embedded structs lend their fields; without a tag the field's name counts.
//     Names are compared exactly, then without regard to case. Of two members of one name the last counts.
//   - Structs, slices, maps whose keys are strings or unsigned, pointers, strings, booleans, integers, Raw, and what has a text form of its
//     own, such as time.Time. Floats, arrays, []byte as base64 and interfaces to read into are not known.
//   - null leaves a value as it is, but empties pointers, slices and maps. What a struct has no field for is skipped.
//
// A Reader takes a text apart piece by piece, for who has another idea of its form.
package json

// Raw is the text of a value that is left as it is.
type Raw []byte

// maxDepth is how deep tables and arrays may lie inside one another.
const maxDepth = 128
