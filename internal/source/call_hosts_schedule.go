package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A schedule of an AccessControl is a section that fw4 does not read, `config cwmp_schedule`, with the key of the rule that it
// is about. What fw4 reads is made of all enabled ones at the commit: the rule itself has the first of their times, and a
// copy behind it each further one. A day of a rule ends at midnight (nft compares the day of the moment, not that on which
// the hours began), so a schedule that goes on is a rule for each part. Times that somebody wrote into a rule by hand are
// schedules that can only be read.

// accessExtra begins the names of the copies of a rule.
const accessExtra = "cwmp_acx_"

const daySeconds = 24 * 60 * 60

// schedulesOf are the sections of the schedules of a rule; those that its own times come to have no name.
func schedulesOf(r *Reader, rule *model.Row) (out []*uci.Section) {
	for _, s := range r.UCI("firewall").OfType("cwmp_schedule") {
		if s.Get("rule") == rule.Key {
			out = append(out, s)
		}
	}
	if base := r.own(rule); len(out) == 0 && base != nil {
		return ownTimes(base)
	}
	return out
}

// ownTimes are the schedules that a rule's own options come to. nft's end is part of the time.
func ownTimes(s *uci.Section) []*uci.Section {
	days, start, stop := s.Get("weekdays"), s.Get("start_time"), s.Get("stop_time")
	from, to := clockSeconds(start), clockSeconds(stop)
	switch {
	case days+start+stop == "":
		return nil
	case stop == "":
		to = daySeconds - 1
	case to >= from:
	case days == "":
		to += daySeconds
	default: // the morning and the evening of the same day
		return []*uci.Section{ownTime(days, 0, to), ownTime(days, from, daySeconds-1)}
	}
	return []*uci.Section{ownTime(days, from, to)}
}

func ownTime(days string, from, to int) *uci.Section {
	s := &uci.Section{}
	_, _, _ = s.Set("weekdays", weekdayNames(fwDays(days))), s.Set("start_time", clockText(from)[:5]), s.Set("duration", strconv.Itoa(to-from+1))
	return s
}

// fwDays are the days of a rule, a bit for each from Sunday on; fw4 takes beginnings of their names, and none is every day.
func fwDays(text string) (days int) {
	list, not := strings.CutPrefix(strings.ToLower(text), "!")
	for _, word := range strings.Fields(list) {
		for d := range 7 {
			if strings.HasPrefix(strings.ToLower(time.Weekday(d).String()), word) {
				days |= 1 << d
			}
		}
	}
	if not || days == 0 {
		days ^= 127
	}
	return days
}

func weekdayNames(days int) string {
	var out []string
	for d := 1; d <= 7; d++ {
		if days>>(d%7)&1 != 0 {
			out = append(out, time.Weekday(d%7).String())
		}
	}
	return strings.Join(out, " ")
}

// clockSeconds reads HH[:MM[:SS]] of one day.
func clockSeconds(text string) (n int) {
	part := strings.Split(text, ":")
	for i := range 3 {
		n *= 60
		if i < len(part) {
			v, _ := strconv.Atoi(part[i])
			n += v
		}
	}
	return max(0, min(n, daySeconds-1))
}

func clockText(seconds int) string {
	return strings.TrimSuffix(time.Unix(int64(seconds), 0).UTC().Format("15:04:05"), ":00")
}

func accessSchedules(_ context.Context, r *Reader, rule *model.Row, _ []string) ([]model.Row, error) {
	var out []model.Row
	for i, s := range schedulesOf(r, rule) {
		row := model.Row{Key: s.Name, Package: "firewall", Section: s.Name}
		if s.Name == "" {
			row = model.Row{Key: "times" + strconv.Itoa(i), ReadOnly: true, Data: s}
		}
		out = append(out, row)
	}
	return out, nil
}

func addSchedule(_ context.Context, r *Reader, rule *model.Row, n uint32, _ []string) (model.Row, error) {
	name := r.freeName("firewall", "cwmp_acs_"+strconv.FormatUint(uint64(n), 10))
	row := model.Row{Key: name, Package: "firewall", Section: name}
	if base := r.own(rule); base.Anonymous || len(ownTimes(base)) > 0 && schedulesOf(r, rule)[0].Name == "" {
		return row, refused("a rule without a name, or with times of its own: add a row for the device")
	}
	return row, r.addSection("firewall", "cwmp_schedule", name, "rule", rule.Key, "enabled", "0", "duration", strconv.Itoa(daySeconds))
}

// getSchedule answers `call hosts.schedule OPTION`.
func getSchedule(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	return text(fwOf(r, row), args[0]), nil
}

func setSchedule(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if args[0] == "start_time" && value != "" && (len(value) != 5 || clockText(clockSeconds(value)) != value) {
		return model.Errorf(model.BadValue, "want HH:MM")
	}
	return r.uciSet("firewall", row.Section, args[0], value)
}

func deleteSchedule(_ context.Context, r *Reader, row *model.Row) error {
	if err := r.removeSection("firewall", row.Section); err != nil {
		return err
	}
	return writeTimes(r, row.Parent)
}

func hookSchedule(_ context.Context, r *Reader, row *model.Row, _ map[string]string) error {
	return writeTimes(r, row.Parent)
}

// A dayPart is a time of some days, in seconds from midnight, both ends part of it.
type dayPart struct{ days, from, to int }

// dayParts are the times of all enabled schedules; days with the same hours are one.
func dayParts(schedules []*uci.Section) (out []dayPart) {
	for _, s := range schedules {
		left, _ := strconv.Atoi(s.Get("duration"))
		if s.Name == "" || !yes(s.Get("enabled"), true) {
			continue
		}
		p := dayPart{days: fwDays(text(s, "weekdays")), from: clockSeconds(s.Get("start_time"))}
		for left = min(left, 7*daySeconds); left > 0; left -= p.to - p.from + 1 {
			if p.to != 0 {
				p.days, p.from = p.days<<1&127|p.days>>6, 0
			}
			p.to = min(p.from+left, daySeconds) - 1
			i := slices.IndexFunc(out, func(o dayPart) bool { return o.from == p.from && o.to == p.to })
			if i < 0 {
				out = append(out, p)
			} else {
				out[i].days |= p.days
			}
		}
	}
	return out
}

// writeTimes gives a rule, and copies of it, the times of its schedules.
func writeTimes(r *Reader, rule *model.Row) error {
	if err := dropTimes(r, rule.Key, false); err != nil {
		return err
	}
	base := r.own(rule)
	parts := dayParts(schedulesOf(r, rule))
	if len(parts) == 0 {
		parts = []dayPart{{127, 0, daySeconds - 1}}
	}
	for i, p := range parts {
		name, days, from, to := base.Name, weekdayNames(p.days), clockText(p.from), clockText(p.to)
		if i > 0 {
			name = accessExtra + fingerName(rule.Key) + "_" + strconv.Itoa(i)
			err := r.addSection("firewall", "rule", name, "proto", strings.Join(items(base, "proto"), " "))
			if err == nil {
				err = r.copyOptions("firewall", r.own(rule), name)
			}
			if err == nil {
				err = fwMove(r, name, fwPlace(r, base.Name)+i)
			}
			if err != nil {
				return err
			}
		}
		if p.days == 127 {
			days = ""
		}
		if p.to-p.from == daySeconds-1 {
			from, to = "", ""
		}
		for _, o := range [][2]string{{"weekdays", days}, {"start_time", from}, {"stop_time", to}} {
			if err := r.uciSet("firewall", name, o[0], o[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropTimes deletes the copies of a rule, or all, its schedules too.
func dropTimes(r *Reader, rule string, all bool) error {
	for _, s := range slices.Clone(r.UCI("firewall").Sections) {
		if strings.HasPrefix(s.Name, accessExtra+fingerName(rule)+"_") || all && s.Type == "cwmp_schedule" && s.Get("rule") == rule {
			if err := r.removeSection("firewall", s.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteAccess deletes a rule, its copies and its schedules.
func deleteAccess(_ context.Context, r *Reader, row *model.Row) error {
	if err := dropTimes(r, row.Key, true); err != nil {
		return err
	}
	return r.removeSection("firewall", row.Section)
}
