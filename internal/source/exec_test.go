package source

import (
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

const light = `#!/bin/sh
dir=${0%/usr/libexec/cwmpd/light}/tmp
echo "$*" >>$dir/calls
case "$1" in
get) [ "$2" = env ] && exec env; [ -f $dir/$2 ] && cat $dir/$2 || echo 7;;
set) printf '%s\n' "$3" >$dir/$2;;
list) printf 'red\n\n  green \nblue\n';;
esac
`

// Z-31: a value is one argument of the script, whatever it looks like; nothing else of it is seen.
func TestExecScripts(t *testing.T) {
	rt := newRouter(t, map[string]string{"usr/libexec/cwmpd/light": light, "tmp/calls": ""})
	r := rt.begin(t)
	wantText(t, "get", rt.get(t, r, "exec light brightness", nil), "7")
	wantText(t, "asked once", rt.get(t, r, "exec light brightness", nil), "7")
	wantList(t, "list", keys(rt.rows(t, r, "exec light colours", nil)), "red", "green", "blue")

	const evil = `$(reboot); 'a' "b"`
	rt.set(t, r, "exec light brightness", nil, evil)
	wantText(t, "own write", rt.get(t, r, "exec light brightness", nil), evil)
	calls := func() []string { return strings.Split(strings.TrimSpace(string(rt.begin(t).File("/tmp/calls"))), "\n") }
	wantList(t, "before the commit", calls(), "get brightness", "list colours")
	rt.commit(t, r)
	wantList(t, "after the commit", calls(), "get brightness", "list colours", "set brightness "+evil)
	wantText(t, "next transaction", rt.get(t, rt.begin(t), "exec light brightness", nil), evil)
}

func TestExecEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("SECRET", "x")
	rt := newRouter(t, map[string]string{"usr/libexec/cwmpd/light": light, "tmp/calls": ""})
	if env := rt.get(t, rt.begin(t), "exec light env", nil); strings.Contains(env, "SECRET") || !strings.Contains(env, "PATH=/usr/sbin") {
		t.Errorf("environment of a script: %q", env)
	}
}

func TestExecFailuresAreEmptyValuesAndOneLogLine(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"usr/libexec/cwmpd/fails":  "#!/bin/sh\necho secret=$2 >&2; exit 3\n",
		"usr/libexec/cwmpd/floods": "#!/bin/sh\nwhile :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done | head -c 100000\n",
	})
	for range 2 {
		r := rt.begin(t)
		for _, script := range []string{"fails", "floods", "missing"} {
			wantText(t, script, rt.get(t, r, "exec "+script+" a", nil), "")
			wantText(t, script, rt.get(t, r, "exec "+script+" b", nil), "")
		}
	}
	for _, script := range []string{"script=fails", "script=floods", "script=missing"} {
		if n := rt.log.count(script); n != 1 {
			t.Errorf("%s: %d lines, want 1: %q", script, n, rt.log.all)
		}
	}
	r := rt.begin(t)
	if err := r.Set(t.Context(), rt.expr(t, model.UseValue, "exec missing a"), nil, "1"); reason(err) != model.Refused {
		t.Errorf("set by a script that is not there: %v", err)
	}
	rt.set(t, r, "exec fails a", nil, "1")
	p, err := r.Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); reason(err) != model.Refused {
		t.Errorf("commit of a script that fails: %v", err)
	}
}

func TestExecIsKilledWithItsChildren(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a script may")
	}
	rt := newRouter(t, map[string]string{"usr/libexec/cwmpd/hangs": "#!/bin/sh\nsleep 600 & sleep 600\n"})
	start := time.Now()
	wantText(t, "hangs", rt.get(t, rt.begin(t), "exec hangs", nil), "")
	if took := time.Since(start); took < execTime || took > execTime+3*time.Second {
		t.Errorf("took %v, want about %v", took, execTime)
	}
}

// reason is the reason of a ParamError, -1 where err is none.
func reason(err error) model.Reason {
	if all := model.Errors(err); len(all) > 0 {
		return all[0].Reason
	}
	return -1
}
