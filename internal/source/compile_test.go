package source

import (
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

func TestBrokenSourcesDoNotLoad(t *testing.T) {
	rt := newRouter(t, nil)
	cases := []struct {
		use   model.Use
		words string
		part  string // of the message
	}{
		{model.UseValue, "", "a source is missing"},
		{model.UseValue, "sql select", "unknown source"},
		{model.UseValue, "uci", "want .OPTION"},
		{model.UseValue, "uci network.lan", "PACKAGE.SECTION.OPTION"},
		{model.UseValue, "uci network.lan.ip-addr", "not the name of an option"},
		{model.UseValue, "uci net/work.lan.proto", "not the name of a package"},
		{model.UseValue, "uci network.@interface.proto", "neither the name of a section"},
		{model.UseValue, "uci network.@interface[x].proto", "neither the name of a section"},
		{model.UseValue, "uci network.lan.proto extra", "one word"},
		{model.UseValue, "uci network.{if.proto", "letters, digits"},
		{model.UseValue, "ubus hostapd.{if get {} .x", "closing brace"},
		{model.UseRows, "uci network.interface", "want PACKAGE.@TYPE"},
		{model.UseRows, "uci network.@interface a-b=c", "want OPTION=VALUE"},
		{model.UseAdd, "uci network.@interface lan", "{n}"},
		{model.UseAdd, "uci network.@interface lan{n} proto", "want OPTION=VALUE"},
		{model.UseNeed, "uci", "want"},
		{model.UseHook, "uci network.lan.proto", "cannot be used in a write clause"},
		{model.UseValue, "ubus system board", "want OBJECT METHOD"},
		{model.UseValue, "ubus system board nojson .model", "not a JSON object"},
		{model.UseValue, "ubus system board [] .model", "not a JSON object"},
		{model.UseValue, "ubus system board {} model", "a path is made of"},
		{model.UseValue, "ubus system board {} .a[b", "a path is made of"},
		{model.UseValue, "ubus system board {} .a[-1]", "[NUMBER]"},
		{model.UseValue, "ubus system board {} .a..b", "a path is made of"},
		{model.UseAdd, "ubus system board {} .a", "cannot be used in an add clause"},
		{model.UseRows, "ubus system board {} .a name=x", "key=FIELD"},
		{model.UseValue, "file etc/passwd", "absolute PATH"},
		{model.UseValue, "file /proc/uptime word x", "invalid syntax"},
		{model.UseValue, "file /proc/uptime word -1", "counted from 0"},
		{model.UseValue, "file /proc/uptime line", "line PREFIX or word N"},
		{model.UseValue, "file /proc/uptime column 3", "line PREFIX or word N"},
		{model.UseRows, "file /sys/[", "syntax error"},
		{model.UseValue, "exec ../sh", "the name of a file"},
		{model.UseValue, "exec .hidden", "the name of a file"},
		{model.UseValue, "exec a/b", "the name of a file"},
		{model.UseValue, "exec", "the name of a file"},
		{model.UseValue, "dbus org.x /x org.x.I", "want NAME PATH INTERFACE PROPERTY"},
		{model.UseRows, "dbus org.x x org.x.I", "not an object path"},
		{model.UseValue, "state", "want state NAME"},
		{model.UseRows, "state x", "cannot be used in a rows clause"},
		{model.UseValue, "call device.nothing", "known are device.arch"},
		{model.UseRows, "call time.now", "cannot be used in a rows clause"},
		{model.UseValue, "call device.configs", "cannot be used in a parameter"},
		{model.UseNeed, "call time.now", "cannot be used in a needs clause"},
	}
	for _, c := range cases {
		_, err := rt.Compile(c.use, strings.Fields(c.words))
		if err == nil {
			t.Errorf("%q: compiles", c.words)
		} else if !strings.Contains(err.Error(), c.part) {
			t.Errorf("%q: got %q, want %q in it", c.words, err, c.part)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	cases := []struct {
		word  string
		parts []part
		bad   bool
	}{
		{"plain", nil, false},
		{"{}", nil, false},
		{`{"name":"lan"}`, nil, false},
		{`{"name":"{ifname}"}`, []part{{`{"name":"`, "ifname"}, {lit: `"}`}}, false},
		{`{"a":{"b":{n}}}`, []part{{`{"a":{"b":`, "n"}, {lit: "}}"}}, false},
		{"hostapd.{ifname}", []part{{"hostapd.", "ifname"}}, false},
		{"{.device}x{parent.section}", []part{{"", ".device"}, {"x", "parent.section"}}, false},
		{"{a", nil, true},
		{"{a-b}", nil, true},
		{"{.}", nil, true},
		{"{a..b}", nil, true},
	}
	for _, c := range cases {
		got, err := parseTemplate(c.word)
		if (err != nil) != c.bad {
			t.Errorf("%q: error %v", c.word, err)
			continue
		}
		if c.bad {
			continue
		}
		if len(got.parts) != len(c.parts) {
			t.Errorf("%q: got %+v, want %+v", c.word, got.parts, c.parts)
			continue
		}
		for i := range c.parts {
			if got.parts[i] != c.parts[i] {
				t.Errorf("%q: part %d is %+v, want %+v", c.word, i, got.parts[i], c.parts[i])
			}
		}
	}
}

func TestCleanMakesTextFitForTheTree(t *testing.T) {
	long := strings.Repeat("x", maxValue-1) + "ä"
	cases := []struct{ name, in, want string }{
		{"plain", "Küche", "Küche"},
		{"a list cannot be forged", "\x1fa\x1fb", "ab"},
		{"bytes that are not UTF-8", "caf\xe9", "caf\uFFFD"},
		{"cut, and not within a character", long, strings.Repeat("x", maxValue-1)},
		{"cut", strings.Repeat("y", maxValue+9), strings.Repeat("y", maxValue)},
	}
	for _, c := range cases {
		if got := clean(c.in); got != c.want {
			t.Errorf("%s: got %d bytes %.20q, want %d bytes %.20q", c.name, len(got), got, len(c.want), c.want)
		}
	}
	if got := joinList([]string{strings.Repeat("a", maxValue/2), "b", strings.Repeat("c", maxValue/2)}); len(got) > maxValue {
		t.Errorf("a list of %d bytes, want at most %d", len(got), maxValue)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"uci .a", "uci a.{b}:t.c", "uci a.@t x=y !z u!={parent.n} ident=a,b", "uci a.@t n_{n} o={.p}", `ubus a.{b} c {"d":"{e}"} .f[g={h}].*`,
		"ubus .a key=b", "file /a/{b} line {c} word 3", "exec a {b}", "dbus a /b c d", "dbus . a b", "const {key} x", "state a", "call device.cpu {n}",
	} {
		f.Add(s)
	}
	rt := New(Config{Root: f.TempDir()})
	row := &model.Row{Key: "k", Package: "p", Section: "s", Number: 3}
	f.Fuzz(func(t *testing.T, text string) {
		for use := model.UseValue; use <= model.UseLet; use++ {
			e, err := rt.Compile(use, strings.Fields(text))
			if err != nil {
				continue
			}
			_, _ = e.Caps(), e.String()
			if strings.HasPrefix(text, "exec") {
				continue // nothing there to run
			}
			r := newReader(rt, nil)
			switch use {
			case model.UseValue, model.UseLet:
				_, _ = r.Get(t.Context(), e, row)
				_ = r.Set(t.Context(), e, row, "v")
			case model.UseRows:
				_, _ = r.Rows(t.Context(), e, row)
			case model.UseAdd:
				_, _ = r.Add(t.Context(), e, row, 1)
			case model.UseNeed:
				r.Need(t.Context(), e)
			}
		}
	})
}
