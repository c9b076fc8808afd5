package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// completions are what a line may go on with; the bar is its end, so that blanks before it are seen.
func (b *bed) completions(line string) []string {
	b.t.Helper()
	return strings.Fields(b.ok("completion", "words", strings.TrimSuffix(line, "|")))
}

// TestCompleteVerbs: every verb completes, by its first letters and by its flags, and help knows every verb and topic.
func TestCompleteVerbs(t *testing.T) {
	t.Parallel()
	b := offline(t)
	for _, v := range verbs() {
		if got := b.completions("cwmpd " + v.name[:len(v.name)-1] + "|"); !slices.Contains(got, v.name) {
			t.Errorf("%s: got %q", v.name, got)
		}
		if got := b.completions("cwmpd help " + v.name + "|"); !slices.Contains(got, v.name) {
			t.Errorf("help %s: got %q", v.name, got)
		}
		var flags []string
		v.flagSet(&options{}).VisitAll(func(f *pflag.Flag) { flags = append(flags, "--"+f.Name) })
		if got := b.completions("cwmpd --json " + v.name + " -|"); !slices.Equal(got, flags) || len(got) < 3 {
			t.Errorf("flags of %s: got %q, want %q", v.name, got, flags)
		}
	}
	for _, topic := range topics {
		if got := b.completions("cwmpd help " + topic.name[:2] + "|"); !slices.Contains(got, topic.name) {
			t.Errorf("help %s: got %q", topic.name, got)
		}
	}
}

func TestCompleteWords(t *testing.T) {
	t.Parallel()
	b := offline(t)
	for _, c := range []struct{ line, want string }{
		{"cwmpd se|", "set sessions"},
		{"/usr/sbin/cwmpd --root /r se|", "set sessions"},
		{"cwmpd --ro|", "--root"},
		{"cwmpd --root |", ""},
		{"cwmpd frobnicate |", ""},
		{"cwmpd run --trace |", ""}, // the shell knows files
		{"cwmpd run --t|", "--trace"},
		{"cwmpd model |", "check stats import-bbfdm"},
		{"cwmpd model check |", ""},
		{"cwmpd dhcp-options i|", "identity"},
		{"cwmpd completion |", "bash zsh"},
		{"cwmpd inform |", ""},
		{"cwmpd status |", ""},
		{"cwmpd get |", "Device."},
		{"cwmpd get Device.|", ""}, // no daemon
		{"cwmpd|", ""},
	} {
		if got := strings.Join(b.completions(c.line), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
}

// TestCompletePaths asks the daemon, in the words of the real shells too, where they are.
func TestCompletePaths(t *testing.T) {
	t.Parallel()
	b := online(t)
	cases := []struct{ line, want string }{
		{"get Device.Tim|", "Device.Time."},
		{"get -q Device.WiFi.SSID.1.SS|", "Device.WiFi.SSID.1.SSID"},
		{"set Device.WiFi.SSID.1.SS|", "Device.WiFi.SSID.1.SSID="},
		{"set Device.DeviceInfo.UpT|", ""}, // cannot be set
		{"set Device.WiFi.SSID.1.SSID=Device.|", ""},
		{"del Device.WiFi.SSID.|", "Device.WiFi.SSID.1. Device.WiFi.SSID.2. Device.WiFi.SSID.3. Device.WiFi.SSID.4."},
		{"attrs --set 2 Device.WiFi.SSID.2.SS|", "Device.WiFi.SSID.2.SSID"},
		{"names Device.No.Such.|", ""},
	}
	for _, c := range cases {
		if got := strings.Join(b.completions("cwmpd "+c.line), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "cwmpd")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	for shell, play := range map[string]string{
		"bash": `. <("$1" completion bash)
COMP_LINE=$2 COMP_POINT=${#2}
_cwmpd "$1" 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh": `compdef() { [ "$*" = "_cwmpd cwmpd" ] || exit 1 }
compadd() { while [ "$1" != -- ]; do shift; done; shift; [ $# = 0 ] || print -l -- "$@" }
_files() { }
. <("$1" completion zsh)
words=(${(s: :)2}) CURRENT=$#words PREFIX=$words[-1]
_cwmpd`,
	} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("no %s here", shell)
			}
			for _, c := range cases {
				line := program + " --root " + b.router.Dir + " " + strings.TrimSuffix(c.line, "|")
				cmd := exec.CommandContext(t.Context(), shell, "-c", play, shell, program, line)
				cmd.Env = append(os.Environ(), beMain+"=1")
				out, err := cmd.CombinedOutput()
				if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != c.want {
					t.Errorf("%s: got %q, %v, want %q", line, got, err, c.want)
				}
			}
		})
	}
}
