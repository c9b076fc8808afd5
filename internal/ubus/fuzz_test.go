package ubus

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzValue: whatever the bytes, parsing and reading do not panic; what is taken prints as JSON, and reads the same
// after having been encoded again.
func FuzzValue(f *testing.F) {
	f.Add([]byte(Table("a", 1, "s", "x", "b", true, "d", 1.5, "arr", Array(1, "z", nil), "n", int64(-5000000000)).data))
	f.Add([]byte(Table("t", Table("t", Table("u", Array()))).data))
	f.Add(unhex(f, `8500000c 0001 "ab" 00000001`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseTable(b)
		if err != nil {
			v = Value{kind: KindTable, data: string(b)} // readers check what they rely on
		}
		text := v.appendJSON(nil)
		walk(v)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		var e encoder
		e.again(v)
		again := e.value(KindTable)
		if len(b) <= MaxMessage && string(again.appendJSON(nil)) != string(text) {
			t.Fatalf("got %s, want %s", again.appendJSON(nil), text)
		}
	})
}

func walk(v Value) {
	for _, m := range v.All() {
		m.Text()
		m.Int()
		m.Uint()
		m.Float()
		m.Bool()
		m.Index(1)
		m.Get("a", "b")
		walk(m)
	}
}

// FuzzJSON: what is taken comes back as the same Value.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x",null,true,{"b":{}}],"n":-5000000000}`))
	f.Add([]byte(`{"a":1e400,"b":1e30,"c":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := FromJSON(text)
		if err != nil {
			return
		}
		again, err := FromJSON(v.appendJSON(nil))
		if err != nil || !bytes.Equal(again.appendJSON(nil), v.appendJSON(nil)) {
			t.Fatalf("%s became %s, %v", v.appendJSON(nil), again.appendJSON(nil), err)
		}
	})
}

// FuzzMessage: a stream of any bytes gives messages and then an error, never a panic, and nothing over the limit.
func FuzzMessage(f *testing.F) {
	f.Add(unhex(f, `00 01 0002 86fe9d90 00000014 01000008 00000004 03000008 86fe9d90`))
	f.Add(unhex(f, `00 0a 0001 00000000 00000014 03000008 1b58c87c 09000005 01 000000`))
	f.Add(unhex(f, `00 02 0001 00000000 00100004`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		for {
			m, err := ReadMessage(r)
			if err != nil {
				return
			}
			for a := Attr(1); a < attrEnd; a++ {
				m.Has(a)
				m.Text(a)
				m.U32(a)
				m.Flag(a)
				v, _ := m.Table(a)
				walk(v)
			}
			if _, err := objectOf(m); err != nil {
				continue
			}
			if out, err := m.Forward(m.Peer).Bytes(); err != nil || len(out) > headerSize+MaxMessage {
				t.Fatalf("forward: %d bytes, %v", len(out), err)
			}
		}
	})
}
