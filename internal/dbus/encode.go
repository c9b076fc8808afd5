package dbus

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A writer makes a message, the lowest byte of a number first.
type writer struct{ buf []byte }

func (w *writer) align(n int) {
	for len(w.buf)%n != 0 {
		w.buf = append(w.buf, 0)
	}
}

func (w *writer) number(n uint64, size int) {
	w.align(size)
	for range size {
		w.buf = append(w.buf, byte(n))
		n >>= 8
	}
}

// text writes a string whose length has so many bytes.
func (w *writer) text(s string, sizeOfLength int) {
	w.number(uint64(len(s)), sizeOfLength)
	w.buf = append(append(w.buf, s...), 0)
}

// sized says before start how many bytes follow it.
func (w *writer) sized(start int) {
	binary.LittleEndian.PutUint32(w.buf[start-4:], uint32(len(w.buf)-start))
}

// value writes what can be set: one string, number or bool, an array of strings, or a Variant of those.
func (w *writer) value(typ string, value any) error {
	switch x := value.(type) {
	case string:
		size := 4
		if typ == "g" {
			size = 1
		}
		w.text(x, size)
	case bool:
		n := uint64(0)
		if x {
			n = 1
		}
		w.number(n, 4)
	case uint64:
		w.number(x, numerics[typ[0]].size)
	case int64:
		w.number(uint64(x), numerics[typ[0]].size)
	case float64:
		w.number(math.Float64bits(x), 8)
	case []string:
		w.number(0, 4)
		start := len(w.buf)
		for _, s := range x {
			w.text(s, 4)
		}
		w.sized(start)
	case Variant:
		w.text(x.Type, 1)
		return w.value(x.Type, x.Value)
	default:
		return fmt.Errorf("dbus: a value of type %s cannot be sent", typ)
	}
	return nil
}
