package source

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/system"
)

// timeTable are the values behind Device.Time.
var timeTable = []named{
	{"time.now", &Func{Get: timeNow}},
	{"time.zone", &Func{Get: timeZone, Set: timeSetZone}},
	{"time.status", &Func{Get: timeStatus}},
	{"time.server", &Func{Get: timeServer}},
	{"time.client", &Func{Get: timeClient, Set: timeSetClient, Hook: hookTimeClient}},
}

// unknownTime is TR-106's value for a time that is not known.
const unknownTime = "0001-01-01T00:00:00Z"

const systemSection = "@system[0]"

// timeNow is the local time with its offset. A clock that was never set has no time to tell (TR-181: Unknown Time).
func timeNow(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	box := r.Box()
	if box == nil || !box.ClockSet() {
		return unknownTime, nil
	}
	return time.Now().In(r.location()).Format("2006-01-02T15:04:05Z07:00"), nil
}

// location is the zone that UCI names, also one set in this transaction; else the one in force.
func (r *Reader) location() *time.Location {
	if loc, err := system.ParseTZ(optionText(r.section("system", systemSection), "timezone")); err == nil {
		return loc
	}
	return r.Box().Location()
}

// timeZone is the POSIX TZ string; OpenWrt without one runs on UTC.
func timeZone(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if tz := optionText(r.section("system", systemSection), "timezone"); tz != "" {
		return tz, nil
	}
	return "UTC", nil
}

// timeSetZone changes the zone. The option zonename beside it is a name such as Europe/Berlin, which many zones share
// one TZ string with: the name of the old zone would contradict the new string, so it goes.
func timeSetZone(_ context.Context, r *Reader, _ *model.Row, _ []string, value string) error {
	s := r.section("system", systemSection)
	if s == nil {
		return refused("/etc/config/system has no section of type system")
	}
	if value != "" {
		if _, err := system.ParseTZ(value); err != nil {
			return model.Errorf(model.BadValue, "want a POSIX TZ string such as CET-1CEST,M3.5.0,M10.5.0/3")
		}
	}
	if s.Get("timezone") == value {
		return nil
	}
	if err := r.uciSet("system", s.Name, "timezone", value); err != nil {
		return err
	}
	return r.uciSet("system", s.Name, "zonename", "")
}

// ntpFlag is a file by which a root that is not the running system's says that its clock is synchronised.
const ntpFlag = "/tmp/ntp.synchronized"

// timeStatus says whether the kernel's clock is disciplined by an NTP client; the kernel is asked only on the router
// itself.
func timeStatus(ctx context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	enabled := truth(optionText(r.section("system", "ntp"), "enabled"), true)
	if row != nil && row.Package == "chrony" {
		text, _ := timeClient(ctx, r, row, []string{"enable"})
		enabled = text == "1"
	}
	if !enabled {
		return "Disabled", nil
	}
	synced := false
	if box := r.Box(); box != nil && box.Real() {
		var tx unix.Timex
		state, err := unix.Adjtimex(&tx)
		synced = err == nil && state != unix.TIME_ERROR && tx.Status&unix.STA_UNSYNC == 0
	} else {
		synced = r.File(ntpFlag) != nil
	}
	if synced {
		return "Synchronized", nil
	}
	return "Unsynchronized", nil
}

// timeServer says whether sysntpd serves others: procd knows its command line, on which -l makes it listen.
func timeServer(ctx context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if r.running(ctx, "sysntpd", "-l").Exists() {
		return "Up", nil
	}
	return "Down", nil
}

// truth reads a UCI boolean; what is none is otherwise.
func truth(text string, otherwise bool) bool {
	switch {
	case slices.Contains([]string{"1", "true", "on", "yes", "enabled"}, text):
		return true
	case slices.Contains([]string{"0", "false", "off", "no", "disabled"}, text):
		return false
	}
	return otherwise
}

// timeClient answers `call time.client FIELD` for a client: sysntpd's section `timeserver`, whose program has no more to be
// set, or a section of chrony, whose type (pool, server, peer) says how its hostname is used.
func timeClient(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	chrony := row.Package == "chrony"
	if s == nil || len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "enable":
		if chrony {
			return digit(!yes(s.Get("disabled"), false)), nil
		}
		return digit(yes(s.Get("enabled"), true)), nil
	case "servers":
		if chrony {
			return joinList(items(s, "hostname")), nil
		}
		return optionText(s, "server"), nil
	case "pool":
		return digit(s.Type == "pool"), nil
	case "peer":
		return digit(s.Type == "peer"), nil
	case "iburst": // busybox' ntpd always begins with a burst
		return digit(!chrony || yes(s.Get("iburst"), false)), nil
	}
	unset := map[string]string{"maxsources": "4", "minpoll": "6", "maxpoll": "10"} // chrony's
	if !chrony {
		unset = map[string]string{"maxsources": "1", "minpoll": "5", "maxpoll": "12"} // busybox' ntpd is built with these
	}
	return firstOf(s.Get(args[0]), unset[args[0]]), nil
}

func timeSetClient(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if s == nil {
		return refused("there is no such client")
	}
	if row.Package != "chrony" {
		switch args[0] {
		case "enable":
			return r.uciSet("system", s.Name, "enabled", digit(yes(value, true)))
		case "servers":
			return r.uciSet("system", s.Name, "server", value)
		}
		return refused("ntpd cannot be told")
	}
	switch args[0] {
	case "enable":
		return r.uciSet("chrony", s.Name, "disabled", digit(!yes(value, true)))
	case "servers":
		names, _ := splitList(value)
		if len(names) > 1 {
			return refused("a client of chrony has one name: want a client for each")
		}
		return r.uciSet("chrony", s.Name, "hostname", strings.Join(names, ""))
	case "iburst":
		value = digit(yes(value, false))
	}
	return r.uciSet("chrony", s.Name, args[0], value)
}

// hookTimeClient refuses polls that chronyd would not start with: powers of two of seconds.
func hookTimeClient(ctx context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	low, _ := timeClient(ctx, r, row, []string{"minpoll"})
	high, _ := timeClient(ctx, r, row, []string{"maxpoll"})
	if row.Package == "chrony" && (atoi(low) > atoi(high) || atoi(high) > 24) {
		return at("MaxPoll", model.BadValue, "want MinPoll to 24")
	}
	return nil
}
