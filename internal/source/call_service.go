package source

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// serviceTable are facts about services of OpenWrt: `call service.FIELD NAME`, NAME being that of an init script.
var serviceTable = []named{
	{"service.enable", &Func{Get: getService, Set: setService}},
	{"service.status", &Func{Get: getServiceStatus}},
	{"service.since", &Func{Get: getServiceSince}},
	{"service.there", &Func{Need: serviceThere}},
}

// serviceThere is whether there is such a service.
func serviceThere(_ context.Context, r *Reader, args []string) bool {
	return len(r.Glob(initScripts+args[0])) > 0
}

const initScripts = "/etc/init.d/"

// serviceEnabled reports whether a service is started at boot: it has a link in /etc/rc.d. What it is about to be counts.
func (r *Reader) serviceEnabled(name string) bool {
	var errands []string
	if r.tree != nil {
		errands = r.tree.Owed()
	}
	errands = append(errands, r.after...)
	for i := len(errands) - 1; i >= 0; i-- {
		if words, ok := strings.CutPrefix(errands[i], initScripts+name+" "); ok {
			return strings.HasPrefix(words, "enable")
		}
	}
	return len(r.Glob("/etc/rc.d/S[0-9][0-9]"+name)) > 0
}

func getService(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	return digit(r.serviceEnabled(args[0])), nil
}

// setService switches a service on or off, now and at boot, by its init script. That runs after the session, which may be
// held by way of the service, when the files of the same transaction are written: they are what it is started from. What goes
// wrong then is in the log, and this and Status read what has become of the service.
func setService(ctx context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	if r.Box() == nil || !serviceThere(ctx, r, args) {
		return refused("there is no %s%s", initScripts, args[0])
	}
	words := " disable stop"
	if yes(value, false) {
		words = " enable start"
	}
	r.After(initScripts + args[0] + words)
	return nil
}

// instances are the running processes of a service, as procd knows them.
func (r *Reader) instances(ctx context.Context, name string) (out []ubus.Value) {
	list := r.Ubus(ctx, "service", "list", ubus.Table("name", name))
	for _, instance := range list.Get(name, "instances").All() {
		if instance.Get("running").Bool() {
			out = append(out, instance)
		}
	}
	return out
}

// argument is what follows a word in the command line of an instance; its word itself where nothing does.
func argument(instance ubus.Value, word string) string {
	found := false
	for _, arg := range instance.Get("command").All() {
		if found {
			return arg.Text()
		}
		found = arg.Text() == word
	}
	if found {
		return word
	}
	return ""
}

// running is the first instance that has a word in its command line, "" for any.
func (r *Reader) running(ctx context.Context, name, word string) ubus.Value {
	for _, instance := range r.instances(ctx, name) {
		if word == "" || argument(instance, word) != "" {
			return instance
		}
	}
	return ubus.Value{}
}

func getServiceStatus(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	return statusOf(r.serviceEnabled(args[0]), r.running(ctx, args[0], "")), nil
}

func statusOf(enabled bool, instance ubus.Value) string {
	switch {
	case !enabled:
		return "Disabled"
	case instance.Exists():
		return "Enabled"
	}
	return "Error"
}

func getServiceSince(ctx context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	return r.startOf(r.running(ctx, args[0], "")), nil
}

// startOf is when the process of an instance was started, "" where that is not known.
func (r *Reader) startOf(instance ubus.Value) string {
	pid, ok := instance.Get("pid").Int()
	box := r.Box()
	if !ok || box == nil || !box.ClockSet() {
		return ""
	}
	stat := string(r.File("/proc/" + strconv.FormatInt(pid, 10) + "/stat"))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	ticks, err := strconv.ParseUint(fields[19], 10, 40) // after boot, 100 a second
	up := r.uptime()
	since := time.Duration(ticks) * 10 * time.Millisecond
	if err != nil || up < since {
		return ""
	}
	return time.Now().Add(since - up).UTC().Format("2006-01-02T15:04:05Z")
}

// keepsAWayIn refuses a commit that would leave nobody but the ACS a way to administer the router, where there was one. What the
// agent does itself was said before: a way that was open for a while is closed.
func (r *Reader) keepsAWayIn() error {
	if r.tree != nil && r.tree.Origin() == model.FromSelf {
		return nil
	}
	touched := len(r.after) > 0
	for _, f := range r.files.texts {
		touched = touched || f.changed
	}
	ways := false
	for _, e := range r.uci.edits {
		touched = touched || e.Package == "dropbear" || e.Package == "uhttpd"
		ways = ways || touched || e.Package == "firewall"
	}
	if touched && !r.wayIn() && newReader(r.rt, r.tree).wayIn() {
		return refused("nobody could log in any more: neither by SSH nor on the web pages")
	}
	if ways {
		return r.keepsFirewallWays()
	}
	return nil
}

// wayIn reports whether the administrator can log in: on the web pages with his password, by SSH with it or with a key.
func (r *Reader) wayIn() bool {
	_, hash := r.hash(r.passwd("root"))
	password := !locked(hash)
	if p := r.UCI("uhttpd"); p != nil && password && r.serviceEnabled("uhttpd") {
		for _, s := range p.OfType("uhttpd") {
			if len(items(s, "listen_http"))+len(items(s, "listen_https")) > 0 {
				return true
			}
		}
	}
	if p := r.UCI("dropbear"); p != nil && r.serviceEnabled("dropbear") {
		for _, s := range p.OfType("dropbear") {
			if yes(s.Get("enable"), true) && yes(s.Get("RootLogin"), true) &&
				(len(r.keys()) > 0 || password && yes(s.Get("PasswordAuth"), true) && yes(s.Get("RootPasswordAuth"), true)) {
				return true
			}
		}
	}
	return false
}
