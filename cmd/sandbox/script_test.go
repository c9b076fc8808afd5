package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseScript(t *testing.T) {
	t.Parallel()
	list, err := parseScript(strings.NewReader(`# a comment

say  Two words
  wait 0 BOOTSTRAP, 1 BOOT
GetParameterValues Device.Time. => Enable = true
SetParameterValues Device.A="x => y"   key=k
connect
file a.conf
	first
	  second

done
`), tourVerbs)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		n                  int
		verb, text, expect string
	}
	want := []line{
		{3, "say", "Two words", ""},
		{4, "wait", "0 BOOTSTRAP, 1 BOOT", ""},
		{5, "call", "GetParameterValues Device.Time.", "Enable = true"},
		{6, "call", `SetParameterValues Device.A="x => y"   key=k`, ""},
		{7, "connect", "", ""},
		{8, "file", "a.conf", ""},
		{12, "done", "", ""},
	}
	var got []line
	for _, s := range list {
		got = append(got, line{s.line, s.verb, s.text, s.expect})
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if call := string(list[3].call); !strings.Contains(call, "<Value>x =&gt; y</Value>") {
		t.Errorf("the quoted value is torn: %s", call)
	}
	if body := list[5].body; !slices.Equal(body, []string{"first", "  second", ""}) {
		t.Errorf("the file is %q", body)
	}
}

func TestParseScriptErrors(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"say x\nfrobnicate":                     `line 2: unknown statement "frobnicate": want one of say, wait, expect, connect, quiet, done, or a method of TR-069`,
		"# c\n\nFrobnicate x":                   `line 3: unknown method "Frobnicate"`,
		"GetParameterValues":                    "line 1: GetParameterValues: too few arguments",
		"SetParameterValues Device.A":           `line 1: SetParameterValues: "Device.A" is not PATH=VALUE`,
		"done\nSetParameterAttributes Device=x": `line 2: SetParameterAttributes: "Device=x" is not PATH=NUMBER`,
		`GetParameterValues "Device.A`:          "a quote is not closed",
		"start":                                 `line 1: unknown statement "start"`, // the tour's alone
	} {
		_, err := parseScript(strings.NewReader(script), acsVerbs)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", script, err, want)
		}
	}
}

func TestDiffLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""},
		{"a\nb\nc", "a\nb\nc", ""},
		{"a\nb\nc", "a\nx\nc", "-b +x"},
		{"a\nb", "b", "-a"},
		{"b", "a\nb\nc", "+a +c"},
		{"a\nb\nc\nd", "b\nd\ne", "-a -c +e"},
		{"x", "y", "-x +y"},
	} {
		if got := strings.Join(diffLines(c.before, c.after), " "); got != c.want {
			t.Errorf("diffLines(%q, %q) = %q, want %q", c.before, c.after, got, c.want)
		}
	}
}

func TestHideSecrets(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"SetParameterValues Device.A.KeyPassphrase=geheim Device.B=x":             "SetParameterValues Device.A.KeyPassphrase=… Device.B=x",
		`SetParameterValues Device.M.Password="ge heim" key=k`:                    "SetParameterValues Device.M.Password=… key=k",
		"SetParameterValues Device.A.KeyPassphrase:string=geheim":                 "SetParameterValues Device.A.KeyPassphrase:string=…",
		"SetParameterValues Device.A.Security.PreSharedKey=0a0b Device.A.WEPKey=": "SetParameterValues Device.A.Security.PreSharedKey=… Device.A.WEPKey=…",
		`Download "1 Firmware Upgrade Image" http://x/ user=u password=geheim`:    `Download "1 Firmware Upgrade Image" http://x/ user=u password=…`,
	} {
		if got := hideSecrets(call); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestColours are for terminals alone.
func TestColours(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if newTalk(file, false).colour || newTalk(&bytes.Buffer{}, false).colour {
		t.Error("colours in a file")
	}
	null, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	defer null.Close()
	if !newTalk(null, false).colour {
		t.Error("no colours on a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if newTalk(null, false).colour {
		t.Error("colours in spite of NO_COLOR")
	}
}
