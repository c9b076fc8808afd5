package json_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	oracle "encoding/json"

	"github.com/cwmpd/cwmpd/internal/json"
)

type word string

type lent struct {
	ID   int
	Name string
}

// all has every kind of field that the program writes, once for this package and once for encoding/json.
type all[R any] struct {
	lent
	ID       string
	Tagged   string `json:"tagged,omitempty"`
	Word     word
	Yes      bool `json:",omitempty"`
	Int      int
	Small    int8 `json:",omitempty"`
	Counter  uint64
	Port     uint16
	At       time.Time
	Never    time.Time `json:",omitzero"`
	For      time.Duration
	Maybe    *int `json:",omitempty"`
	None     *lent
	List     []string
	Rows     []*lent `json:",omitempty"`
	Table    map[string]lent
	Words    map[word]int      `json:"words,omitempty"`
	Counts   map[uint16]uint64 `json:",omitempty"`
	Inner    struct{ MACAddr string }
	Data     R
	hidden   string
	Left     string    `json:"-"`
	Emptied  []lent    `json:"emptied"`
	Pointers *[]string `json:"p,omitempty"`
}

// plain makes encoding/json write as we do: without escapes for HTML.
func plain(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := oracle.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// texts are JSON, nearly JSON and none.
var texts = []string{
	`{}`, ` { "ID" : "x" , "id":"y","name":"n","NAME":"N"} `, `null`, `{"Int":null,"List":null,"Table":null,"At":null,"Yes":null}`,
	`{"tagged":"ä\u00e4\ud83d\ude00\ud83d\ud83dx\udc00\"\\\/\b\f\n\r\t","Word":"` + "\xff\xfe€" + `"}`,
	`{"Int":-12,"Small":127,"Counter":18446744073709551615,"Port":65535,"Yes":true}`, `{"Small":128}`, `{"Port":-1}`, `{"Int":1.0}`,
	`{"Int":1e2}`, `{"Int":01}`, `{"Int":-}`, `{"x":[1,2.5e-7,-0,0.1E+3,{"y":[[],{}]}]}`, `{"x":1.}`, `{"x":.5}`, `{"x":+1}`, `{"x":1e}`,
	`{"At":"2026-01-02T03:04:05.000000006Z","Never":"2026-01-02T03:04:05+01:00"}`, `{"At":"yesterday"}`, `{"At":1}`, `{"For":5000000000}`,
	`{"Maybe":3,"None":{"ID":1},"Rows":[{"ID":2},null,{}],"Table":{"b":{},"a":{"Name":"q"}},"words":{"x":1,"x":2}}`, `{"Rows":[1]}`,
	`{"Counts":{"10":1,"9":2}}`, `{"Counts":{"65536":1}}`, `{"Counts":{"-1":1}}`, `{"Counts":{"":1}}`, `{"Counts":{"x":null}}`,
	`{"Inner":{"macaddr":"00:11"},"Data":[ 1, {"a" : null} ],"p":[],"emptied":[]}`, `{"Data":null}`, `{"p":null}`, `{"Left":"x","hidden":"y"}`,
	`{"List":["a","b",]}`, `{"List":[,"a"]}`, `{"List":["a" "b"]}`, `{"List":["a"}`, `{"List"}`, `{"List":}`, `{,}`, `{"a":1,}`, `{1:2}`,
	`{"a":"` + "\x01" + `"}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u+123"}`, `{"a`, `{"a":"b`, `{"a":tru}`, `{"a":nulll}`, `{}{}`, `{} x`, ``, ` `, "{}\x00", "\x00{}",
	`{"a":"b\`, `[1]`, `"x"`, `1`, `{"Yes":"true"}`, `{"List":{}}`, `{"Table":[]}`, `{"Word":1}`,
}

func FuzzUnmarshal(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) > 100 {
			t.Skip("deeper than we go, perhaps")
		}
		var got all[json.Raw]
		var want all[oracle.RawMessage]
		err, wanted := json.Unmarshal(text, &got), oracle.Unmarshal(text, &want)
		if (err == nil) != (wanted == nil) {
			t.Fatalf("%q: %v, encoding/json: %v", text, err, wanted)
		}
		if r := json.NewReader(text); (r.Skip() != nil && r.End() == nil) != oracle.Valid(text) {
			t.Fatalf("%q: valid is %v by encoding/json, we say: %v", text, oracle.Valid(text), r.End())
		}
		if err != nil {
			return
		}
		if a, b := plain(t, got.like()), plain(t, want); a != b {
			t.Fatalf("%q reads\n%s\nencoding/json\n%s", text, a, b)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if !oracle.Valid(again) {
			t.Fatalf("%q became %s", text, again)
		}
		var back all[json.Raw]
		if err := json.Unmarshal(again, &back); err != nil || !reflect.DeepEqual(plain(t, back.like()), plain(t, got.like())) {
			t.Fatalf("%s reads back as %s, %v", again, plain(t, back.like()), err)
		}
	})
}

// like is the same for encoding/json.
func (a all[R]) like() all[oracle.RawMessage] {
	b := all[oracle.RawMessage]{}
	from, to := reflect.ValueOf(a), reflect.ValueOf(&b).Elem()
	for i := range from.NumField() {
		switch f := from.Type().Field(i); {
		case f.Name == "lent":
			b.lent = a.lent
		case f.Name == "Data":
			b.Data = from.Field(i).Bytes()
		case f.IsExported():
			to.Field(i).Set(from.Field(i))
		}
	}
	return b
}

func TestMarshalWritesAsEncodingJSON(t *testing.T) {
	n, words := 0, []string{"<&>"}
	full := all[json.Raw]{
		lent: lent{ID: 3, Name: "lent"}, ID: "own", Tagged: "\"\\\n\r\t/ä€\U0001f600<&>", Word: "w", Yes: true, Int: -5, Small: -128,
		Counter: 1<<64 - 1, Port: 7547, At: time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600)), For: time.Minute,
		Maybe: &n, None: &lent{}, List: []string{}, Rows: []*lent{{ID: 1}, nil}, Table: map[string]lent{"b": {}, "a": {ID: 1}},
		Words: map[word]int{"z": 1, "a": 2}, Counts: map[uint16]uint64{10: 1, 9: 2}, Data: json.Raw(`[1,{"a":null}]`), hidden: "h", Left: "l", Pointers: &words,
	}
	for _, v := range []all[json.Raw]{{}, full} {
		got, err := json.Marshal(v)
		if want := plain(t, v.like()); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
		var want bytes.Buffer
		if err := oracle.Indent(&want, got, "", "  "); err != nil {
			t.Fatal(err)
		}
		if laid := json.Indent(got); string(laid) != want.String() {
			t.Errorf("laid out\n%s\nwant\n%s", laid, want.String())
		}
		if back := json.Compact(want.Bytes()); string(back) != string(got) {
			t.Errorf("compact\n%s\nwant\n%s", back, got)
		}
	}
	for _, unknown := range []any{1.5, []byte{1}, [2]int{}, func() {}} {
		if text, err := json.Marshal(map[string]any{"a": unknown}); err == nil {
			t.Errorf("%T was written as %s", unknown, text)
		}
	}
	var bin []byte
	if json.Unmarshal([]byte(`[1]`), &bin) == nil {
		t.Error("a []byte was read")
	}
	if _, err := json.Marshal(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("a time that RFC 3339 cannot hold was written")
	}
}

func TestUnmarshalStrictRefusesWhatHasNoField(t *testing.T) {
	var v lent
	if err := json.UnmarshalStrict([]byte(`{"id":1}`), &v); err != nil || v.ID != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := json.UnmarshalStrict([]byte(`{"other":1}`), &v); err == nil {
		t.Error("an unknown member was taken")
	}
}

func TestDepthIsLimited(t *testing.T) {
	deep := strings.Repeat("[", 1000000) + strings.Repeat("]", 1000000)
	r := json.NewReader([]byte(deep))
	if r.Skip(); r.End() == nil {
		t.Error("a million arrays inside one another were taken")
	}
}

func FuzzQuote(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := oracle.Unmarshal(json.Quote(nil, text), &got); err != nil || got != strings.ToValidUTF8(got, "?") {
			t.Fatalf("%q: %q, %v", text, got, err)
		}
		var want string
		quoted, _ := oracle.Marshal(text)
		if _ = oracle.Unmarshal(quoted, &want); got != want {
			t.Fatalf("%q reads back as %q, encoding/json %q", text, got, want)
		}
	})
}
