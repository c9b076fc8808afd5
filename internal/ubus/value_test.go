package ubus

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/slog"
)

func fromJSON(t testing.TB, text string) Value {
	t.Helper()
	v, err := FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestValueReadsWhatItIsAskedFor(t *testing.T) {
	v := fromJSON(t, `{"s":"text","t":true,"f":false,"i":-7,"big":4294967296,"d":2.5,"n":null,"a":["x",2],"o":{"deep":{"er":"yes"}}}`)
	texts := map[string]string{"s": "text", "t": "1", "f": "0", "i": "-7", "big": "4294967296", "d": "2.5", "n": "", "a": "", "o": "", "nosuch": ""}
	for key, want := range texts {
		if got := v.Get(key).Text(); got != want {
			t.Errorf("Text of %s: got %q, want %q", key, got, want)
		}
	}
	kinds := map[string]Kind{"s": KindString, "t": KindBool, "i": KindInt32, "big": KindInt64, "d": KindDouble, "n": KindNull,
		"a": KindArray, "o": KindTable, "nosuch": KindAbsent}
	for key, want := range kinds {
		if got := v.Get(key).Kind(); got != want {
			t.Errorf("Kind of %s: got %v, want %v", key, got, want)
		}
	}
	if got := v.Get("o", "deep", "er").Text(); got != "yes" {
		t.Errorf("a path of three: got %q", got)
	}
	if v.Get("s", "deeper").Exists() || v.Get("a").Index(2).Exists() || !v.Get("n").Exists() {
		t.Error("Exists is wrong about a member of a string, an item that is not there, or null")
	}
	if v.Len() != 9 || v.Get("a").Len() != 2 || v.Get("a").Index(1).Text() != "2" || v.Get("s").Len() != 0 {
		t.Error("Len or Index is wrong")
	}
	var keys []string
	v.Each(func(key string, _ Value) bool { keys = append(keys, key); return key != "i" })
	if got := strings.Join(keys, " "); got != "s t f i" {
		t.Errorf("Each until i: got %s", got)
	}
}

func TestNumbersHaveNoSignOnTheWire(t *testing.T) {
	v := Table("i", -1, "l", int64(-1), "s", "42", "w", "wan", "d", -1.5, "t", true, "u", uint64(math.MaxUint64))
	check := func(key string, wantInt int64, intOK bool, wantUint uint64, uintOK bool) {
		t.Helper()
		i, ok := v.Get(key).Int()
		u, uok := v.Get(key).Uint()
		if i != wantInt || ok != intOK || u != wantUint || uok != uintOK {
			t.Errorf("%s: got %d %v, %d %v", key, i, ok, u, uok)
		}
	}
	check("i", -1, true, math.MaxUint32, true)
	check("u", -1, true, math.MaxUint32, true) // fits an int32 as -1: what has no sign cannot keep it
	check("s", 42, true, 42, true)
	check("w", 0, false, 0, false)
	check("d", -1, true, 0, false)
	check("t", 1, true, 1, true)
	check("nosuch", 0, false, 0, false)
}

func TestBoolTakesWhatUCITakes(t *testing.T) {
	for text, want := range map[string]bool{`"1"`: true, `"on"`: true, `"0"`: false, `""`: false, `5`: true, `0`: false, `true`: true, `null`: false, `"no"`: false} {
		if got := fromJSON(t, text).Bool(); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestJSONKeepsKindsBothWays(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `{"a":[]}`, `{"a":1,"b":-1,"c":2147483647,"d":-2147483648}`, `{"a":2147483648,"b":-5000000000}`,
		`{"a":1.0,"b":1.5,"c":-0.25}`, `{"a":true,"b":false,"c":null}`, `{"a":"\"\\\n\t\u0001é€"}`,
		`[{"a":{"b":[1,[2,[3]]]}},"x"]`, `"x"`, `3`, `null`, `{"long":9223372036854775807}`,
	} {
		v := fromJSON(t, text)
		got, err := json.Marshal(v)
		if err != nil || string(got) != text {
			t.Errorf("got %s, want %s, %v", got, text, err)
		}
		if again := fromJSON(t, string(got)); again != v {
			t.Errorf("%s: other bytes after a round trip", text)
		}
	}
	if got := string(Table("nan", math.NaN(), "inf", math.Inf(1), "bad", "a\xffb").appendJSON(nil)); got != `{"nan":null,"inf":null,"bad":"a`+"�"+`b"}` {
		t.Errorf("what JSON cannot hold: got %s", got)
	}
}

func TestJSONFromOutsideIsBounded(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, text := range []string{``, `{`, `{"a"}`, `{"a":1}{`, `{"":1}`, `nul`, deep(40), deep(1 << 20), `{"a":[1,}`, `["` + strings.Repeat("x", MaxMessage) + `"]`} {
		if v, err := FromJSON([]byte(text)); err == nil {
			t.Errorf("%.20s: taken as %v", text, v)
		}
	}
	if _, err := FromJSON([]byte(deep(32))); err != nil {
		t.Error(err)
	}
}

// Answers of real routers survive JSON → blobmsg → JSON.
func TestRouterAnswersRoundTrip(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/fixtures/ubus/*/*.json")
	if len(files) == 0 {
		t.Skip("no answers of routers: ../shared/fixtures/ubus is not there")
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == 0 {
			continue // recorded as an empty answer
		}
		v, err := FromJSON(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		seen++
		var want, got any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(v.appendJSON(nil), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s changed", file)
		}
	}
	if seen < 50 {
		t.Errorf("only %d answers", seen)
	}
}

func TestMalformedTablesAreRefused(t *testing.T) {
	cases := map[string]string{
		"half a header":               `8500`,
		"a length that is too short":  `85000003`,
		"a length beyond the end":     `8500000c 0001 "a\0"`,
		"no name":                     `0500000c 0001 "a\0" 00000001`,
		"a name beyond its attribute": `85000008 00ff "a\0"`,
		"a name without an end":       `8500000c 0001 "ab" 00000001`,
		"an int32 of two bytes":       `8500000a 0001 "a\0" 0001 0000`,
		"a bool of four bytes":        `8700000c 0001 "a\0" 00000001`,
		"a string without an end":     `8300000c 0001 "a\0" "abcd"`,
		"an empty string payload":     `83000008 0001 "a\0"`,
		"a type that does not exist":  `8900000c 0001 "a\0" 00000001`,
		"missing padding":             `87000009 0001 "a\0" 01`,
		"a broken member of a member": `82000010 0001 "a\0" 85000003 00000000`,
	}
	for name, s := range cases {
		if v, err := ParseTable(unhex(t, s)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, %v", name, v, err)
		}
	}
	nest := Table()
	for range 31 {
		nest = Table("a", nest)
	}
	if _, err := ParseTable([]byte(nest.data)); err != nil {
		t.Errorf("32 levels: %v", err)
	}
	if _, err := ParseTable([]byte(Table("a", nest).data)); !errors.Is(err, ErrMalformed) {
		t.Errorf("33 levels: %v", err)
	}
}

func TestWhatNoMessageHoldsIsAbsentAndRefused(t *testing.T) {
	big := strings.Repeat("x", MaxMessage)
	for name, v := range map[string]Value{
		"a long text":        Table("a", big),
		"inside of another":  Table("a", Table("b", big)),
		"many short ones":    Table("a", strings.Split(strings.Repeat("x,", MaxMessage/8), ",")),
		"a name of 64 KiB":   Table(strings.Repeat("n", 1<<16), 1),
		"a table of its own": Array(map[string]any{"a": big}),
	} {
		if v.Exists() {
			t.Errorf("%s: %v", name, v)
		}
		if _, err := NewPacket(MsgData, 1, 1).Table(AttrData, v).Bytes(); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: sent, %v", name, err)
		}
	}
	fits := Table("a", strings.Repeat("x", MaxMessage-64))
	if _, err := NewPacket(MsgData, 1, 1).Table(AttrData, fits).Bytes(); err != nil {
		t.Error(err)
	}
}

// Wi-Fi keys pass through Values: printing one by accident must not show them.
func TestValuesDoNotPrintTheirContent(t *testing.T) {
	v := Table("key", "secret12")
	var log strings.Builder
	slog.New(&log, nil).Info("answer", "data", v)
	if s := fmt.Sprint(v, []Value{v}) + log.String(); strings.Contains(s, "secret12") {
		t.Errorf("got %s", s)
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	v := fromJSON(t, `{"interface":[{"interface":"lan","up":true,"uptime":12},{"interface":"wan","up":false,"l3_device":"pppoe-wan"}]}`)
	n := testing.AllocsPerRun(100, func() {
		for _, i := range v.Get("interface").All() {
			if i.Get("interface").Text() == "wan" && i.Get("l3_device").Text() != "pppoe-wan" {
				t.Fatal("wrong answer")
			}
		}
	})
	if n > 0 {
		t.Errorf("got %v allocations", n)
	}
}

func BenchmarkGet(b *testing.B) {
	v := fromJSON(b, `{"a":1,"b":"x","statistics":{"rx_bytes":5000000000,"tx_bytes":1,"rx_packets":77}}`)
	b.ReportAllocs()
	for b.Loop() {
		if v.Get("statistics", "rx_packets").Text() != "77" {
			b.Fatal("wrong answer")
		}
	}
}
