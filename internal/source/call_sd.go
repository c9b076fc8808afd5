package source

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// sdTable is what Device.DNS.SD. needs beside the answers of umdns.
var sdTable = []named{
	{"sd.after", &Func{Get: sdAfter}},
	{"sd.instance", &Func{Get: sdInstance}},
	{"sd.interface", &Func{Get: sdInterface}},
	{"sd.updated", &Func{Get: sdUpdated}},
}

// sdAfter is `call sd.after SEP`: what follows SEP in the key of a row.
func sdAfter(_ context.Context, _ *Reader, row *model.Row, args []string) (string, error) {
	_, after, _ := strings.Cut(row.Key, args[0])
	return after, nil
}

// sdInterface is the only network that umdns speaks on.
func sdInterface(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if networks := items(r.section("umdns", "@umdns[0]"), "network"); len(networks) == 1 {
		return networks[0], nil
	}
	return "", nil
}

// sdInstance is `call sd.instance NAME`: what a service of ours is called, NAME if procd has one. Its file may say so; else it
// is called after the router.
func sdInstance(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	name := args[0]
	_, id, _ := strings.Cut(row.Key, "/")
	for _, file := range r.Glob("/etc/umdns/*") {
		if v, err := ubus.FromJSON(r.File(file)); err == nil {
			name = firstOf(name, v.Get(id, "instance").Text())
		}
	}
	return firstOf(name, strings.TrimSpace(string(r.File("/proc/sys/kernel/hostname")))), nil
}

// sdUpdated is when umdns last heard of a service, in Unix seconds. umdns writes its local time as if that were UTC. All
// zones are quarters of an hour away from it, so what lives shorter than that tells its age; of others it is not known.
func sdUpdated(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	const quarter, late = 15 * time.Minute, 20 * time.Second // umdns looks every ten seconds for what is too old
	v, _ := row.Data.(ubus.Value)
	seconds, _ := v.Get("ttl").Int()
	ttl := time.Duration(min(max(seconds, 0), 1e6)) * time.Second
	then, err := time.Parse(time.DateTime, strings.NewReplacer("T", " ", "Z", "").Replace(v.Get("last_update").Text()))
	age := (time.Since(then)%quarter + quarter) % quarter
	if box := r.Box(); err != nil || ttl+late >= quarter || age > ttl+late || box == nil || !box.ClockSet() {
		return "", nil
	}
	return strconv.FormatInt(time.Now().Add(-age).Unix(), 10), nil
}
