package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// service list {name} answers a table of the one service, or an empty one.
func (r *Router) serviceList(base, args ubus.Value) (ubus.Value, int) {
	all := with(r.read("service.list.json"))
	r.mu.Lock()
	for name := range r.services {
		all = with(all, name, ubus.Table())
	}
	r.mu.Unlock()
	name := args.Get("name").Text()
	if name == "" {
		return all, ubus.StatusOK
	}
	if s := all.Get(name); s.Exists() {
		return ubus.Table(name, s), ubus.StatusOK
	}
	return ubus.Table(), ubus.StatusOK
}

// service set makes a service, or changes its data. None of them runs anything.
func (r *Router) serviceSet(_, args ubus.Value) (ubus.Value, int) {
	name := args.Get("name").Text()
	if name == "" {
		return ubus.Value{}, ubus.StatusInvalidArgument
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if data := args.Get("data"); data.Exists() || !r.services[name].Exists() {
		r.services[name] = data
	}
	return ubus.Value{}, ubus.StatusOK
}

// service get_data {type} answers what each service says of a type, as firewalls ask.
func (r *Router) serviceData(_, args ubus.Value) (ubus.Value, int) {
	typ, all := args.Get("type").Text(), ubus.Table()
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, data := range r.services {
		if v := data.Get(typ); v.Exists() {
			all = with(all, name, ubus.Table(typ, v))
		}
	}
	return all, ubus.StatusOK
}

// service event is how a changed package is made known. It says nothing of what comes of it.
func (r *Router) serviceEvent(_, args ubus.Value) (ubus.Value, int) {
	if args.Get("type").Kind() != ubus.KindString {
		return ubus.Value{}, ubus.StatusInvalidArgument
	}
	text, err := json.Marshal(args)
	if err != nil {
		return ubus.Value{}, ubus.StatusUnknownError
	}
	r.record("service event " + string(text))
	if args.Get("type").Text() == "config.change" {
		r.changed(args.Get("data", "package").Text())
	}
	return ubus.Value{}, ubus.StatusOK
}

// changed does what the init scripts that wait for a package do.
func (r *Router) changed(name string) {
	if name == "network" || name == "wireless" {
		r.reloadNetwork()
		return
	}
	if packages, err := r.uci.Packages(); err == nil && slices.Contains(packages, name) {
		r.reload(name)
	}
}

// system board tells the release that is installed and the name that is configured.
func (r *Router) systemBoard(base, _ ubus.Value) (ubus.Value, int) {
	release := with(base.Get("release"))
	for option, key := range map[string]string{"DISTRIB_RELEASE": "version", "DISTRIB_REVISION": "revision", "DISTRIB_DESCRIPTION": "description"} {
		if v := r.shellVariable("etc/openwrt_release", option); v != "" {
			release = with(release, key, v)
		}
	}
	board := with(base, "release", release)
	if systems := r.config("system").OfType("system"); len(systems) > 0 && systems[0].Get("hostname") != "" {
		board = with(board, "hostname", systems[0].Get("hostname"))
	}
	for key, file := range map[string]string{"model": "tmp/sysinfo/model", "board_name": "tmp/sysinfo/board_name"} {
		if v := r.text(file); v != "" {
			board = with(board, key, v)
		}
	}
	return board, ubus.StatusOK
}

// shellVariable reads NAME='value' from a file that shells read.
func (r *Router) shellVariable(file, name string) string {
	for line := range strings.Lines(r.text(file)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			return strings.Trim(v, `'"`)
		}
	}
	return ""
}

// system info takes uptime, load and memory from the router's proc.
func (r *Router) systemInfo(base, _ ubus.Value) (ubus.Value, int) {
	info := with(base)
	if seconds, _, ok := strings.Cut(r.text("proc/uptime"), "."); ok {
		if n, err := strconv.Atoi(seconds); err == nil {
			info = with(info, "uptime", n)
		}
	}
	var load []any
	for i, word := range strings.Fields(r.text("proc/loadavg")) {
		if f, err := strconv.ParseFloat(word, 64); err == nil && i < 3 {
			load = append(load, int(f*65536))
		}
	}
	if len(load) == 3 {
		info = with(info, "load", load)
	}
	memory := with(info.Get("memory"))
	for line := range strings.Lines(r.text("proc/meminfo")) {
		name, rest, _ := strings.Cut(line, ":")
		key := memoryKeys[name]
		if kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil && key != "" {
			memory = with(memory, key, kib*1024)
		}
	}
	return with(info, "memory", memory), ubus.StatusOK
}

var memoryKeys = map[string]string{"MemTotal": "total", "MemFree": "free", "Shmem": "shared", "Buffers": "buffered",
	"MemAvailable": "available", "Cached": "cached"}

func (r *Router) systemReboot(_, _ ubus.Value) (ubus.Value, int) {
	r.record("reboot")
	if err := r.Reboot(); err != nil {
		r.Log.Error("reboot", "err", err)
		return ubus.Value{}, ubus.StatusUnknownError
	}
	return ubus.Value{}, ubus.StatusOK
}

// log read answers the last lines.
func (r *Router) logRead(base, args ubus.Value) (ubus.Value, int) {
	var lines []ubus.Value
	for _, line := range base.Get("log").All() {
		lines = append(lines, line)
	}
	if n, ok := args.Get("lines").Int(); ok && n > 0 && int(n) < len(lines) {
		lines = lines[len(lines)-int(n):]
	}
	return ubus.Table("log", lines), ubus.StatusOK
}
