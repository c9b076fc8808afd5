package source

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/system"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// timeTable are the values behind Device.Time.
var timeTable = []named{
	{"time.now", &Func{Get: timeNow}},
	{"time.zone", &Func{Get: timeZone, Set: timeSetZone}},
	{"time.status", &Func{Get: timeStatus}},
	{"time.server", &Func{Get: timeServer}},
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
func timeStatus(_ context.Context, r *Reader, _ *model.Row, _ []string) (string, error) {
	if enabled := optionText(r.section("system", "ntp"), "enabled"); !truth(enabled, true) {
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
	list := r.Ubus(ctx, "service", "list", ubus.Table("name", "sysntpd"))
	for _, instance := range list.Get("sysntpd", "instances").All() {
		if !instance.Get("running").Bool() {
			continue
		}
		for _, arg := range instance.Get("command").All() {
			if arg.Text() == "-l" {
				return "Up", nil
			}
		}
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
