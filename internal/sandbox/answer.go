package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// An answerFile is a file of ubus/ as it was when last read.
type answerFile struct {
	modified time.Time
	size     int64
	value    ubus.Value
}

// A question is what a file of ubus/ answers: iwinfo.info{device=phy0-ap0}.json.
type question struct {
	object, method string
	args           map[string]string // that a call must have; none for all calls
}

// questionOf reads a file's name.
func questionOf(file string) (question, bool) {
	name, ok := strings.CutSuffix(file, ".json")
	name, conditions, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot <= 0 {
		return question{}, false
	}
	q := question{object: name[:dot], method: name[dot+1:], args: map[string]string{}}
	for condition := range strings.SplitSeq(conditions, ",") {
		if key, value, ok := strings.Cut(condition, "="); ok {
			q.args[key] = value
		}
	}
	return q, true
}

// questions lists what the files can answer.
func (r *Router) questions() map[string]question {
	entries, err := os.ReadDir(r.Path("ubus"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Log.Error("read the answers", "err", err)
	}
	all := map[string]question{}
	for _, e := range entries {
		if q, ok := questionOf(e.Name()); ok {
			all[e.Name()] = q
		}
	}
	return all
}

// read returns the content of a file of ubus/, absent when there is none or it is broken.
func (r *Router) read(file string) ubus.Value {
	path := filepath.Join(r.Path("ubus"), file)
	info, err := os.Stat(path)
	if err != nil {
		return ubus.Value{}
	}
	r.mu.Lock()
	f, ok := r.files[file]
	r.mu.Unlock()
	if ok && f.modified.Equal(info.ModTime()) && f.size == info.Size() {
		return f.value
	}
	text, err := os.ReadFile(path)
	if err == nil {
		f.value, err = ubus.FromJSON(text)
	}
	if err != nil {
		r.Log.Error("read an answer", "file", file, "err", err)
		return ubus.Value{}
	}
	f.modified, f.size = info.ModTime(), info.Size()
	r.mu.Lock()
	r.files[file] = f
	r.mu.Unlock()
	return f.value
}

// recite answers from the files: the one whose arguments fit, else the one for all, of which an argument "name" or
// "device" picks one member when it is a table of such.
func (r *Router) recite(object, method string, args ubus.Value) (ubus.Value, int) {
	plain, special := "", ""
	for file, q := range r.questions() {
		switch {
		case q.object != object || q.method != method:
		case len(q.args) == 0:
			plain = file
		case fits(q.args, args):
			special = file
		}
	}
	if special != "" {
		return r.read(special), ubus.StatusOK
	}
	if plain == "" {
		return ubus.Value{}, ubus.StatusNotFound
	}
	v := r.read(plain)
	if !v.Exists() {
		return v, ubus.StatusNotFound
	}
	for _, key := range []string{"name", "device"} {
		if name := args.Get(key).Text(); name != "" {
			if v = v.Get(name); !v.Exists() {
				return v, ubus.StatusNotFound
			}
			return v, ubus.StatusOK
		}
	}
	return v, ubus.StatusOK
}

func fits(want map[string]string, args ubus.Value) bool {
	for key, value := range want {
		if args.Get(key).Text() != value {
			return false
		}
	}
	return true
}

// with returns a table with members set: replaced where they are, else added at the end. An absent value removes.
func with(table ubus.Value, pairs ...any) ubus.Value {
	set := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i].(string)] = pairs[i+1]
	}
	var all []any
	for key, v := range table.All() {
		if x, ok := set[key]; ok {
			all = append(all, key, x)
			delete(set, key)
			continue
		}
		all = append(all, key, v)
	}
	for i := 0; i < len(pairs); i += 2 {
		if x, ok := set[pairs[i].(string)]; ok {
			all = append(all, pairs[i], x)
		}
	}
	return ubus.Table(all...)
}
