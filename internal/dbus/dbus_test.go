package dbus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	godbus "github.com/godbus/dbus/v5"
)

// message is what another implementation of D-Bus sends.
func message(t testing.TB, order binary.ByteOrder, kind godbus.Type, replyTo uint32, values ...any) []byte {
	t.Helper()
	m := godbus.Message{Type: kind, Headers: map[godbus.HeaderField]godbus.Variant{
		godbus.FieldReplySerial: godbus.MakeVariant(replyTo),
		godbus.FieldSender:      godbus.MakeVariant("org.example"),
	}, Body: values}
	if len(values) > 0 {
		m.Headers[godbus.FieldSignature] = godbus.MakeVariant(godbus.SignatureOf(values...))
	}
	switch kind {
	case godbus.TypeError:
		m.Headers[godbus.FieldErrorName] = godbus.MakeVariant("org.example.Error.Tired")
	case godbus.TypeSignal:
		m.Headers[godbus.FieldPath] = godbus.MakeVariant(godbus.ObjectPath("/x"))
		m.Headers[godbus.FieldInterface] = godbus.MakeVariant("org.example.X")
		m.Headers[godbus.FieldMember] = godbus.MakeVariant("Happened")
	}
	var out bytes.Buffer
	if err := m.EncodeTo(&out, order); err != nil {
		t.Fatal(err)
	}
	raw := out.Bytes()
	order.PutUint32(raw[8:], 7) // a serial: zero is invalid
	return raw
}

type pair struct {
	A byte
	B string
}

var everyType = map[string]struct{ sent, want any }{
	"byte":       {byte(200), uint64(200)},
	"bool":       {true, true},
	"int16":      {int16(-3), int64(-3)},
	"uint16":     {uint16(65535), uint64(65535)},
	"int32":      {int32(-70000), int64(-70000)},
	"uint32":     {uint32(4000000000), uint64(4000000000)},
	"int64":      {int64(-1 << 40), int64(-1 << 40)},
	"uint64":     {uint64(1 << 63), uint64(1 << 63)},
	"double":     {1.25, 1.25},
	"string":     {"ä\x01", "ä\x01"},
	"path":       {godbus.ObjectPath("/a/b"), "/a/b"},
	"signature":  {godbus.ParseSignatureMust("a{sv}"), "a{sv}"},
	"bytes":      {[]byte{1, 2}, []byte{1, 2}},
	"strings":    {[]string{"a", "", "bc"}, []string{"a", "", "bc"}},
	"no strings": {[]string{}, []string{}},
	"paths":      {[]godbus.ObjectPath{"/"}, []string{"/"}},
	"numbers":    {[]uint64{1, 2}, []any{uint64(1), uint64(2)}},
	"none of 8":  {[]uint64{}, []any{}},
	"structs":    {[]pair{{1, "x"}, {2, "y"}}, []any{[]any{uint64(1), "x"}, []any{uint64(2), "y"}}},
	"by number":  {map[uint32]string{5: "five"}, []any{[]any{uint64(5), "five"}}},
	"variant":    {godbus.MakeVariant(godbus.MakeVariant(int16(4))), Variant{"v", Variant{"n", int64(4)}}},
	"objects": {
		map[godbus.ObjectPath]map[string]map[string]godbus.Variant{"/m": {"i": {"p": godbus.MakeVariant(uint32(3))}, "j": {}}},
		map[string]any{"/m": map[string]any{"i": map[string]any{"p": Variant{"u", uint64(3)}}, "j": map[string]any{}}},
	},
}

func TestAnswersOfEveryType(t *testing.T) {
	for name, tc := range everyType {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			// The byte before makes the alignment matter, the text behind shows that all was read.
			raw := message(t, order, godbus.TypeMethodReply, 3, byte(9), tc.sent, "end")
			a, err := readAnswer(bytes.NewReader(raw))
			want := []any{uint64(9), tc.want, "end"}
			if err != nil || a.kind != kindReturn || a.replyTo != 3 || !reflect.DeepEqual(a.body, want) {
				t.Errorf("%s, %v: got %#v, %v, want %#v", name, order, a, err, want)
			}
			for n := range raw {
				if _, err := readAnswer(bytes.NewReader(raw[:n])); err == nil {
					t.Errorf("%s, %v: %d bytes of %d are taken for the whole", name, order, n, len(raw))
				}
			}
		}
	}
}

func TestCallsAreUnderstood(t *testing.T) {
	for typ, value := range map[string]any{
		"s": "text", "o": "/a", "b": true, "y": uint64(255), "n": int64(-2), "q": uint64(65535), "i": int64(-70000), "u": uint64(1 << 31),
		"x": int64(-1 << 40), "t": uint64(1 << 63), "d": 2.5, "as": []string{"a", "bcd"}, "g": "a{sv}",
	} {
		c := Call{Name: "org.example", Path: "/m/0", Interface: "i.f", Method: "Set", Args: []any{"i", "p", Variant{typ, value}}}
		raw, err := c.encode(12)
		if err != nil {
			t.Fatal(typ, err)
		}
		m, err := godbus.DecodeMessage(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		if m.Serial() != 12 || m.Type != godbus.TypeMethodCall || m.Flags != godbus.FlagNoAutoStart || m.Headers[godbus.FieldPath].Value() != godbus.ObjectPath("/m/0") {
			t.Errorf("%s: header %v", typ, m)
		}
		v, _ := m.Body[2].(godbus.Variant)
		got, err := readAnswer(bytes.NewReader(message(t, binary.LittleEndian, godbus.TypeMethodReply, 1, v)))
		if err != nil || !reflect.DeepEqual(got.body, []any{Variant{typ, value}}) {
			t.Errorf("%s: there and back: got %#v, %v, want %#v", typ, got.body, err, value)
		}
	}
	if _, err := (&Call{Args: []any{Variant{"a{sv}", map[string]any{}}}}).encode(1); err == nil {
		t.Error("a dictionary is sent")
	}
	if _, err := (&Call{Args: []any{strings.Repeat("x", MaxMessage)}}).encode(1); err == nil {
		t.Error("a call without bound is sent")
	}
}

func TestSignatures(t *testing.T) {
	for signature, want := range map[string]string{"s": "s", "asu": "as", "a{sv}i": "a{sv}", "(i(yy))v": "(i(yy))", "aaay": "aaay"} {
		first, rest, err := split(signature, 0)
		if err != nil || first != want || first+rest != signature {
			t.Errorf("%s: got %q, %q, %v", signature, first, rest, err)
		}
	}
	for _, bad := range []string{"", "z", "a", "(", "()", "(i", "{sv", "a{s}", "a{sss}", "a{sv)", ")", "r", strings.Repeat("a", 255), strings.Repeat("(", 255)} {
		if first, _, err := split(bad, 0); err == nil {
			t.Errorf("%q is taken for %q", bad, first)
		}
	}
}

func TestPaths(t *testing.T) {
	for path, want := range map[string]bool{"/": true, "/a": true, "/a_1/B": true, "": false, "a": false, "/a/": false, "//": false, "/a-b": false, "/ä": false} {
		if got := ValidPath(path); got != want || got != godbus.ObjectPath(path).IsValid() {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}

func TestVariantsDoNotNestWithoutEnd(t *testing.T) {
	// 200 Variants in one another: each says "v".
	body := append(bytes.Repeat([]byte{1, 'v', 0}, 200), 1, 'y', 0, 5)
	r := reader{buf: body}
	if r.values("v", 0); !errors.Is(r.err, errDepth) {
		t.Errorf("got %v, want %v", r.err, errDepth)
	}
}

// bus plays a bus at the other end: it greets, and then does what it is told for each call.
func bus(t *testing.T, socket net.Conn, answers ...func(serial uint32)) {
	in := bufio.NewReader(socket)
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "\x00AUTH EXTERNAL ") {
		t.Error(line, err)
	}
	_, _ = socket.Write([]byte("OK 0123456789abcdef\r\n"))
	if line, err = in.ReadString('\n'); err != nil || line != "BEGIN\r\n" {
		t.Error(line, err)
	}
	hello := func(serial uint32) {
		_, _ = socket.Write(message(t, binary.LittleEndian, godbus.TypeSignal, 0, "NameAcquired"))
		_, _ = socket.Write(message(t, binary.LittleEndian, godbus.TypeMethodReply, serial, ":1.5"))
	}
	for _, answer := range append([]func(uint32){hello}, answers...) {
		m, err := godbus.DecodeMessage(in)
		if err != nil {
			t.Error(err)
			return
		}
		answer(m.Serial())
	}
}

func connect(t *testing.T, ours net.Conn) *Conn {
	t.Helper()
	c := &Conn{socket: ours, in: bufio.NewReaderSize(ours, 512), turn: make(chan struct{}, 1)}
	if err := c.hello(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCallsAndTheirAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		send := func(raw []byte) { _, _ = theirs.Write(raw) }
		go bus(t, theirs, func(n uint32) {
			send(message(t, binary.LittleEndian, godbus.TypeSignal, n, "a signal"))
			send(message(t, binary.LittleEndian, godbus.TypeMethodReply, n-1, "a late answer"))
			send(message(t, binary.BigEndian, godbus.TypeMethodReply, n, "the answer"))
		}, func(n uint32) {
			send(message(t, binary.LittleEndian, godbus.TypeError, n, "go away"))
		}, func(n uint32) {
			send(message(t, binary.LittleEndian, godbus.TypeMethodReply, n))
		}, func(uint32) {}) // silent
		c := connect(t, ours)
		call := Call{Name: "n.n", Path: "/", Interface: "i.f", Method: "m"}
		if got, err := c.Call(t.Context(), call); err != nil || !reflect.DeepEqual(got, []any{"the answer"}) {
			t.Errorf("got %v, %v", got, err)
		}
		var e *Error
		if _, err := c.Call(t.Context(), call); !errors.As(err, &e) || *e != (Error{"org.example.Error.Tired", "go away"}) {
			t.Errorf("got %v, want the error", err)
		}
		if got, err := c.Call(t.Context(), call); err != nil || len(got) != 0 {
			t.Errorf("got %v, %v, want nothing", got, err)
		}
		if _, err := c.Call(t.Context(), call); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("silence: got %v", err)
		}
		theirs.Close()
	})
}

func TestACallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		go bus(t, theirs, func(uint32) { cancel() })
		c := connect(t, ours)
		if _, err := c.Call(ctx, Call{Name: "n.n", Path: "/", Method: "m"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		theirs.Close()
	})
}

func FuzzAnswer(f *testing.F) {
	for _, tc := range everyType {
		f.Add(message(f, binary.LittleEndian, godbus.TypeMethodReply, 3, tc.sent))
		f.Add(message(f, binary.BigEndian, godbus.TypeError, 3, tc.sent))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := readAnswer(bytes.NewReader(raw))
		if err == nil && len(a.body) > 255 {
			t.Errorf("%d values", len(a.body))
		}
	})
}
