package ubus

import (
	"bytes"
	"encoding/hex"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unhex reads bytes written as hex with blanks and "text" parts; `|` and brackets are for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, strings.ReplaceAll(part, `\0`, "\x00")...)
			continue
		}
		b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "", "|", "", "[", "", "]", "").Replace(part))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

func mustBytes(t testing.TB, p *Packet) []byte {
	t.Helper()
	b, err := p.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %x\nwant %x", what, got, want)
	}
}

// What a client sends, as libubus sent it to a real ubusd.
func TestPacketsAreThoseOfLibubus(t *testing.T) {
	cases := []struct {
		name string
		p    *Packet
		want string
	}{
		{"LOOKUP of system", NewPacket(MsgLookup, 1, 0).Text(AttrObjPath, "system"),
			`00 04 0001 00000000 00000010 0200000b "system\0" 00`},
		{"INVOKE without arguments", NewPacket(MsgInvoke, 2, 0x876b0fad).U32(AttrObjID, 0x876b0fad).Text(AttrMethod, "board").Table(AttrData, Value{}),
			`00 05 0002 876b0fad 0000001c 03000008 876b0fad | 0400000a "board\0" 0000 | 07000004`},
		{"INVOKE uci get", NewPacket(MsgInvoke, 2, 0x86fe9d90).U32(AttrObjID, 0x86fe9d90).Text(AttrMethod, "get").Table(AttrData, Table("config", "nosuch")),
			`00 05 0002 86fe9d90 00000030 03000008 86fe9d90 04000008 "get\0" 0700001c 83000017 0006 "config\0" 000000 "nosuch\0" 00`},
		{"ADD_OBJECT", NewPacket(MsgAddObject, 1, 0).Text(AttrObjPath, "lab.demo").Table(AttrSignature, Table("hello", map[string]any{"name": 3})),
			`00 06 0001 00000000 00000034 0200000d "lab.demo\0" 000000 06000020
			 8200001c 0005 "hello\0" 85000010 0004 "name\0" 00 00000003`},
		{"DATA of an answer", NewPacket(MsgData, 2, 0xe2fcc2f9).U32(AttrObjID, 0x1b58c87c).Table(AttrData, Table("msg", "hi bob")),
			`00 02 0002 e2fcc2f9 00000024 03000008 1b58c87c 07000018 83000013 0003 "msg\0"0000 "hi bob\0"00`},
		{"STATUS of an answer", NewPacket(MsgStatus, 2, 0xe2fcc2f9).U32(AttrStatus, 0).U32(AttrObjID, 0x1b58c87c),
			`00 01 0002 e2fcc2f9 00000014 01000008 00000000 03000008 1b58c87c`},
		{"NOTIFY", NewPacket(MsgNotify, 2, 0x1b58c87c).U32(AttrObjID, 0x1b58c87c).Text(AttrMethod, "tick").Table(AttrData, Table("n", 1)),
			`00 0a 0002 1b58c87c 00000028 03000008 1b58c87c 04000009 "tick\0"000000 07000010 8500000c 0001 "n\0" 00000001`},
		{"anonymous ADD_OBJECT", NewPacket(MsgAddObject, 1, 0), `00 06 0001 00000000 00000004`},
		{"register", NewPacket(MsgInvoke, 2, 1).U32(AttrObjID, 1).Text(AttrMethod, "register").
			Table(AttrData, Table("object", id32(0xa8a69ce2), "pattern", "my.event")),
			`00 05 0002 00000001 00000050 03000008 00000001 0400000d "register\0"000000 07000034
			 85000014 0006 "object\0"000000 a8a69ce2  83000019 0007 "pattern\0"0000 "my.event\0"000000`},
		{"SUBSCRIBERS", NewPacket(MsgStatus, 2, 0x1b58c87c).U32(AttrObjID, 0x1b58c87c).List(AttrSubscribers, []uint32{0x1865e8e3}).U32(AttrStatus, 0),
			`00 01 0002 1b58c87c 00000020 03000008 1b58c87c 0b00000c 00000008 1865e8e3 01000008 00000000`},
		{"an event with every type", NewPacket(MsgInvoke, 0x65, 0).U32(AttrObjID, 0xa8a69ce2).Text(AttrMethod, "my.event").Table(AttrData,
			Table("a", 1, "s", "x", "b", true, "d", 1.5, "arr", Array(1, "z"), "n", int64(-5000000000))),
			`00 05 0065 00000000 00000088 03000008 a8a69ce2 0400000d "my.event\0"000000 0700006c
			 8500000c 0001 "a\0" 00000001 | 8300000a 0001 "s\0" "x\0"0000 | 87000009 0001 "b\0" 01 000000
			 88000010 0001 "d\0" 3ff8000000000000 | 81000024 0003 "arr\0"0000 [8500000c 0000 00 00 00000001][8300000a 0000 00 00 "z\0"0000]
			 84000010 0001 "n\0" fffffffed5fa0e00`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { same(t, c.name, mustBytes(t, c.p), unhex(t, c.want)) })
	}
}

// What ubusd sends.
func TestMessagesOfUbusdAreRead(t *testing.T) {
	read := func(s string) *Message {
		t.Helper()
		m, err := ReadMessage(bytes.NewReader(unhex(t, s)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := read(`00 00 0000 b5dd7f29 00000004`)
	if m.Type != MsgHello || m.Peer != 0xb5dd7f29 {
		t.Errorf("HELLO: got type %d peer %x", m.Type, m.Peer)
	}
	m = read(`00 01 0002 86fe9d90 00000014 01000008 00000004 03000008 86fe9d90`)
	if n, ok := m.U32(AttrStatus); n != StatusNotFound || !ok || m.Seq != 2 {
		t.Errorf("STATUS: got %d %v seq %d", n, ok, m.Seq)
	}
	m = read(`00 05 0002 e2fcc2f9 00000044 03000008 1b58c87c 0400000a "hello\0"0000
		0c000009 "root\0"000000 0d000009 "root\0"000000 07000014 83000010 0004 "name\0"00 "bob\0"`)
	data, err := m.Table(AttrData)
	if m.Text(AttrMethod) != "hello" || m.Text(AttrUser) != "root" || data.Get("name").Text() != "bob" || err != nil {
		t.Errorf("INVOKE: got %q by %q, name %q, %v", m.Text(AttrMethod), m.Text(AttrUser), data.Get("name").Text(), err)
	}
	m = read(`00 0a 0001 00000000 00000014 03000008 1b58c87c 09000005 01 000000`)
	if !m.Flag(AttrActive) || m.Flag(AttrNoReply) {
		t.Error("NOTIFY: not active, or no reply wanted")
	}
	m = read(`00 02 0001 00000000 00000090 0200000b "system\0" 00 | 03000008 876b0fad | 05000008 8ba14ad3
		06000070 8200000c 0005 "board\0" 82000060 0008 "watchdog\0" 00
		85000014 0009 "frequency\0" 00000005 85000014 0007 "timeout\0" 0000 00000005
		85000018 000a "magicclose\0" 000000 00000007 85000010 0004 "stop\0" 00 00000007`)
	o, err := objectOf(m)
	if err != nil || o.Path != "system" || o.ID != 0x876b0fad || len(o.Methods["board"].Args) != 0 {
		t.Fatalf("DATA of LOOKUP: got %+v, %v", o, err)
	}
	args := o.Methods["watchdog"].Args
	if len(args) != 4 || args[0] != (Arg{"frequency", KindInt32}) || args[3] != (Arg{"stop", KindBool}) {
		t.Errorf("signature: got %v", args)
	}
}

// chunk is one line pair of a socat capture: bytes that one side sent.
type chunk struct {
	server bool
	data   []byte
}

func captures(t testing.TB) map[string][]chunk {
	t.Helper()
	dir := "../../../shared/fixtures/ubus-wire"
	files, _ := filepath.Glob(filepath.Join(dir, "*.socat.txt"))
	if len(files) == 0 {
		t.Skip("no captures of a real ubusd: ../shared/fixtures/ubus-wire is not there")
	}
	head := regexp.MustCompile(`^([<>]) \d{4}/`)
	all := map[string][]chunk{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var chunks []chunk
		for line := range strings.Lines(string(text)) {
			if m := head.FindStringSubmatch(line); m != nil {
				chunks = append(chunks, chunk{server: m[1] == "<"})
				continue
			}
			if len(chunks) > 0 && strings.TrimSpace(line) != "" {
				last := &chunks[len(chunks)-1]
				last.data = append(last.data, unhex(t, strings.TrimSpace(line))...)
			}
		}
		all[strings.TrimSuffix(filepath.Base(file), ".socat.txt")] = chunks
	}
	return all
}

// Every captured message is read, and written again from what was understood of it, byte by byte.
func TestCapturesSurviveReencoding(t *testing.T) {
	for name, chunks := range captures(t) {
		t.Run(name, func(t *testing.T) {
			for _, server := range []bool{true, false} {
				var stream []byte
				for _, c := range chunks {
					if c.server == server {
						stream = append(stream, c.data...)
					}
				}
				r := bytes.NewReader(stream)
				n := 0
				for ; r.Len() > 0; n++ {
					start := len(stream) - r.Len()
					m, err := ReadMessage(r)
					if err != nil {
						t.Fatalf("message %d of server=%v: %v", n, server, err)
					}
					raw := stream[start : len(stream)-r.Len()]
					same(t, "forwarded", mustBytes(t, m.Forward(m.Peer)), raw)
					same(t, "re-encoded", mustBytes(t, reencode(t, m)), raw)
				}
				if n == 0 {
					t.Errorf("no messages of server=%v", server)
				}
			}
		})
	}
}

// reencode writes the attributes again in the order of the wire, tables from their decoded values.
func reencode(t *testing.T, m *Message) *Packet {
	p := NewPacket(m.Type, m.Seq, m.Peer)
	for s := m.body; len(s) > 0; {
		head, body, rest, _ := cutBlob(s)
		s = rest
		a := Attr(head >> 24 & 0x7f)
		switch a {
		case AttrSignature, AttrData:
			v, err := parseTable(body)
			if err != nil {
				t.Fatal(err)
			}
			var e encoder
			e.again(v)
			p.Table(a, e.value(KindTable))
		case AttrObjPath, AttrMethod, AttrUser, AttrGroup:
			p.Text(a, m.Text(a))
		case AttrActive, AttrNoReply:
			p.Flag(a, m.Flag(a))
		case AttrSubscribers:
			p.attr(a, body)
		default:
			n, ok := m.U32(a)
			if !ok {
				t.Fatalf("attribute %d is no number", a)
			}
			p.U32(a, n)
		}
	}
	return p
}

// again encodes the members of a table or array from what the accessors say about them.
func (e *encoder) again(v Value) {
	for key, m := range v.All() {
		switch m.Kind() {
		case KindTable, KindArray:
			start := e.open(m.Kind(), key)
			e.again(m)
			e.close(start)
		case KindString:
			e.text(key, m.Text())
		case KindBool:
			e.bool(key, m.Bool())
		case KindInt32:
			n, _ := m.Int()
			e.int(key, n)
		case KindInt64:
			n, _ := m.Int()
			if n >= math.MinInt32 && n <= math.MaxInt32 {
				e.raw(KindInt64, key, m.data) // a daemon that adds an u64 whatever it holds
				continue
			}
			e.int(key, n)
		case KindDouble:
			f, _ := m.Float()
			e.double(key, f)
		default:
			e.raw(m.Kind(), key, m.data)
		}
	}
}

// The three captured exchanges in which the client does only what our Call and Send do are replayed against it: it
// must send exactly what libubus sent, and understand what ubusd answered.
func TestCapturedExchangesAreReplayed(t *testing.T) {
	all := captures(t)
	t.Run("call-system-board", func(t *testing.T) {
		c := replay(t, all["call-system-board"])
		v, err := c.Call(t.Context(), "system", "board", Value{})
		if err != nil || v.Get("model").Text() != "OpenWrt Lab x86" || v.Get("release", "distribution").Text() != "OpenWrt" {
			t.Errorf("board: got model %q, %v", v.Get("model").Text(), err)
		}
	})
	t.Run("call-uci-get-notfound", func(t *testing.T) {
		c := replay(t, all["call-uci-get-notfound"])
		_, err := c.Call(t.Context(), "uci", "get", Table("config", "nosuch"))
		if Code(err) != StatusNotFound || err.Error() != "ubus call uci get: not found" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("send-event", func(t *testing.T) {
		c := replay(t, all["send-event"])
		if err := c.Send(t.Context(), "my.event", Table("a", 1, "s", "x")); err != nil {
			t.Error(err)
		}
	})
}

// replay returns a client whose other end plays a capture.
func replay(t *testing.T, chunks []chunk) *Client {
	if len(chunks) == 0 {
		t.Fatal("no such capture")
	}
	return scripted(t, func(rw io.ReadWriter) {
		for _, c := range chunks {
			if c.server {
				if _, err := rw.Write(c.data); err != nil {
					t.Error(err)
				}
				continue
			}
			got := make([]byte, len(c.data))
			if _, err := io.ReadFull(rw, got); err != nil {
				t.Error(err)
			}
			same(t, "sent", got, c.data)
		}
	})
}
