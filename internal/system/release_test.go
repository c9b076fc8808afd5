package system

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

func TestReleaseProgram(t *testing.T) {
	resident := func() int {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindSubmatch(status)
		if m == nil {
			t.Skip("this kernel does not tell how much of a file is mapped")
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	if !linkedToAddress() {
		t.Log("this test can be moved in memory: its constants stay mapped")
	}
	before := resident()
	ReleaseProgram()
	if after := resident(); after >= before {
		t.Errorf("%d kB of the program are mapped, %d were before", after, before)
	}
	before = resident()
	for range 3 {
		ReleaseProgram()
	}
	if after := resident(); after > before+1024 { // goes on as if nothing had been
		t.Errorf("%d kB of the program are mapped, %d were before", after, before)
	}
}

func TestParseMapping(t *testing.T) {
	tests := []struct {
		line string
		want mapping
	}{
		{"00400000-00925000 r-xp 00000000 fd:01 131 /usr/sbin/cwmpd", mapping{0x400000, 0x925000, "r-xp", "fd:01 131"}},
		{"00925000-00e5b000 r--p 00525000 1f:05 131 /usr/sbin/cwmpd (deleted)", mapping{0x925000, 0xe5b000, "r--p", "1f:05 131"}},
		{"fffd0000-fffe0000 rw-p 00000000 00:00 0", mapping{}},
		{"zz-00925000 r-xp 00000000 fd:01 131 /usr/sbin/cwmpd", mapping{}},
		{"00925000-00400000 r-xp 00000000 fd:01 131 /usr/sbin/cwmpd", mapping{}},
		{"", mapping{}},
	}
	for _, test := range tests {
		if got := parseMapping(test.line); got != test.want {
			t.Errorf("%q: %+v, want %+v", test.line, got, test.want)
		}
	}
}
