package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/uci"
)

// What stands in a rule, as schedules: days, start and seconds.
func TestOwnTimes(t *testing.T) {
	for _, c := range []struct{ days, start, stop, want string }{
		{"", "", "", ""},
		{"", "08:00", "08:59:59", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday 08:00 3600"},
		{"SUN Th", "", "", "Thursday Sunday 00:00 86400"},
		{"!Mon tues We", "21", "", "Thursday Friday Saturday Sunday 21:00 10800"},
		{"Fri", "22:00", "05:59:59", "Friday 00:00 21600, Friday 22:00 7200"}, // as nft takes it: both on Friday
		{"", "22:00", "05:59:59", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday 22:00 28800"},
		{"Fri", "x:y", "99:99:99:99", "Friday 00:00 86400"},
	} {
		s := &uci.Section{}
		for _, p := range [][2]string{{"weekdays", c.days}, {"start_time", c.start}, {"stop_time", c.stop}} {
			if p[1] != "" {
				_ = s.Set(p[0], p[1])
			}
		}
		var got []string
		for _, o := range ownTimes(s) {
			got = append(got, o.Get("weekdays")+" "+o.Get("start_time")+" "+o.Get("duration"))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%q %q %q: %q, want %q", c.days, c.start, c.stop, text, c.want)
		}
	}
}

// What fw4 gets of one schedule: a rule for each part of a day, days with the same hours together.
func TestDayParts(t *testing.T) {
	for _, c := range []struct {
		days, start, seconds, want string
	}{
		{"Monday", "08:00", "3600", "Monday 08:00-08:59:59"},
		{"Friday Saturday", "22:00", "28800", "Friday Saturday 22:00-23:59:59, Saturday Sunday 00:00-05:59:59"},
		{"Saturday", "12:00", "172800", "Saturday 12:00-23:59:59, Sunday 00:00-23:59:59, Monday 00:00-11:59:59"},
		{"Monday", "00:00", "172800", "Monday Tuesday 00:00-23:59:59"},
		{"Monday", "00:00", "604800", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday 00:00-23:59:59"},
		{"", "23:59", "60", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday 23:59-23:59:59"},
		{"Monday", "", "1", "Monday 00:00-00:00"},
		{"Monday", "01:00", "99999999999", "Monday 01:00-23:59:59, Tuesday Wednesday Thursday Friday Saturday Sunday 00:00-23:59:59, Monday 00:00-00:59:59"},
		{"Monday", "01:00", "-5", ""},
		{"Monday", "01:00", "", ""},
	} {
		s := &uci.Section{Type: "cwmp_schedule", Name: "s"}
		for _, p := range [][2]string{{"weekdays", c.days}, {"start_time", c.start}, {"duration", c.seconds}} {
			if p[1] != "" {
				_ = s.Set(p[0], p[1])
			}
		}
		var got []string
		for _, p := range dayParts([]*uci.Section{s}) {
			got = append(got, fmt.Sprintf("%s %s-%s", weekdayNames(p.days), clockText(p.from), clockText(p.to)))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%q %q %q: %q, want %q", c.days, c.start, c.seconds, text, c.want)
		}
	}
}
