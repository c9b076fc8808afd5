package openwrt_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDefaults runs a script of uci-defaults as the first boot does, with the real uci, on the router of each file in testdata;
// a second run changes nothing more.
//
// A file has a comment, the name of the script after "run", then sections: files of the router (/etc/config/cwmp is the package's
// own where none is given), what the agent says of itself, the bootloader's environment, the other clients that are enabled;
// then what changed, in the words of `uci show`, and the log.
func TestDefaults(t *testing.T) {
	uci := os.Getenv("CWMPD_UCI_BIN")
	if uci == "" {
		var err error
		if uci, err = exec.LookPath("uci"); err != nil {
			t.Skip("no uci here, and CWMPD_UCI_BIN names none")
		}
	}
	var shells [][]string
	for _, s := range [][]string{{"busybox", "ash"}, {"dash"}} {
		if path, err := exec.LookPath(s[0]); err == nil {
			shells = append(shells, append([]string{path}, s[1:]...))
		}
	}
	if shells == nil {
		t.Skip("neither busybox nor dash is here to be the router's shell")
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata: ", err)
	}
	for _, file := range files {
		for _, shell := range shells {
			name := strings.TrimSuffix(filepath.Base(file), ".txt") + " in " + filepath.Base(shell[0])
			t.Run(name, func(t *testing.T) {
				run, sections := scenario(t, file)
				root := t.TempDir()
				write(t, root+"/tmp/here", "")
				write(t, root+"/etc/config/cwmp", read(t, "files/etc/config/cwmp"))
				write(t, root+"/bin/uci", "#!/bin/sh\nexec '"+uci+"' -c '"+root+"/etc/config' -t '"+root+"/tmp/.uci' \"$@\"\n")
				write(t, root+"/bin/fw_printenv", "#!/bin/sh\nsed -n \"s|^$2=||p\" '"+root+"/bootloader' | grep .\n")
				write(t, root+"/bin/cwmpd", "#!/bin/sh\n[ \"$1\" = get ] && grep \"^$2=\" '"+root+"/agent says'\n")
				for name, text := range sections {
					if name != "changed" && name != "log" {
						write(t, filepath.Join(root, name), text)
					}
				}
				for _, service := range strings.Fields(sections["enabled"]) {
					write(t, root+"/etc/init.d/"+service, "#!/bin/sh\n[ \"$1\" = enabled ] || echo \"$1\" >>'"+root+"/log'\n")
				}
				show := func() []string {
					out, err := exec.Command(root+"/bin/uci", "show", "cwmp").CombinedOutput()
					if err != nil {
						t.Fatalf("uci show: %v\n%s", err, out)
					}
					return strings.Split(string(out), "\n")
				}
				before := show()
				boot := func() {
					t.Helper()
					cmd := exec.Command(shell[0], append(slices.Clone(shell[1:]), "-c", logger+`. "$0"`, "./files/etc/uci-defaults/"+run)...)
					cmd.Env = []string{"PATH=" + root + "/bin:/usr/bin:/bin", "CWMPD_ROOT=" + root, "CWMPD_PROG=" + root + "/bin/cwmpd", "LOG=" + root + "/log"}
					if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
						t.Errorf("%s: %v\n%s", run, err, out)
					}
				}
				boot()
				var changed []string
				for _, line := range show() {
					if !slices.Contains(before, line) {
						changed = append(changed, line)
					}
				}
				slices.Sort(changed)
				if got, want := strings.Join(changed, "\n"), strings.TrimSpace(sections["changed"]); got != want {
					t.Errorf("changed:\n%s\nwant:\n%s", got, want)
				}
				said, _ := os.ReadFile(root + "/log")
				if got := string(said); got != sections["log"] {
					t.Errorf("log:\n%swant:\n%s", got, sections["log"])
				}
				after := show()
				boot()
				if again := show(); !slices.Equal(after, again) {
					t.Errorf("a second run makes it\n%s", strings.Join(again, "\n"))
				}
				if left, _ := os.ReadDir(root + "/tmp/.uci"); len(left) > 0 {
					if text, _ := os.ReadFile(root + "/tmp/.uci/cwmp"); len(text) > 0 {
						t.Errorf("not committed: %s", text)
					}
				}
			})
		}
	}
}

// logger is a function, since busybox's shell prefers its own to one in the PATH.
const logger = `logger() { [ "$1 $2 $3 $4" = "-t cwmpd -p daemon.notice" ] && shift 4; echo "$*" >>"$LOG"; }; `

// scenario reads a file of testdata.
func scenario(t *testing.T, file string) (run string, sections map[string]string) {
	t.Helper()
	sections = map[string]string{}
	section := ""
	for _, line := range strings.SplitAfter(read(t, file), "\n") {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok {
			if name, ok = strings.CutSuffix(name, " --"); ok {
				section, sections[name] = name, ""
				continue
			}
		}
		if name, ok := strings.CutPrefix(line, "run "); ok && section == "" {
			run = strings.TrimSpace(name)
		}
		if section != "" {
			sections[section] += line
		}
	}
	for _, must := range []string{"changed", "log"} {
		if _, ok := sections[must]; !ok || run == "" {
			t.Fatalf("%s names no script, or lacks %s", file, must)
		}
	}
	return run, sections
}

func write(t *testing.T, path, text string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestScripts: each script is one that the shells here can read, and shellcheck, where it is, finds nothing wrong.
func TestScripts(t *testing.T) {
	var scripts []string
	for _, dir := range []string{"etc/init.d", "etc/uci-defaults", "etc/hotplug.d/dhcp", "etc/udhcpc.user.d", "etc/odhcp6c.user.d"} {
		entries, err := os.ReadDir("files/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			scripts = append(scripts, "files/"+dir+"/"+e.Name())
		}
	}
	for _, s := range scripts {
		for _, shell := range [][]string{{"busybox", "ash", "-n"}, {"dash", "-n"}} {
			path, err := exec.LookPath(shell[0])
			if err != nil {
				continue
			}
			if out, err := exec.Command(path, append(shell[1:], s)...).CombinedOutput(); err != nil {
				t.Errorf("%s: %s", s, out)
			}
		}
	}
	check, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("no shellcheck here")
	}
	// Names of OpenWrt's functions, which are read at run time, and the variables that they read.
	const known = "SC1090,SC1091,SC2034,SC2154,SC3043"
	if out, err := exec.Command(check, append([]string{"-s", "dash", "-e", known}, scripts...)...).CombinedOutput(); err != nil {
		t.Error(string(out))
	}
}
