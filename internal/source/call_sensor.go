package source

import (
	"cmp"
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// noDegrees is TR-181's temperature for "none": none was measured, none gives an alarm.
const noDegrees = -274

// deviceSensors lists the thermal zones, and the temperatures of other drivers (Wi-Fi radios, SFP modules); with an argument
// the chips that measure power.
func deviceSensors(_ context.Context, r *Reader, _ *model.Row, args []string) ([]model.Row, error) {
	var rows []model.Row
	if len(args) > 0 {
		for _, name := range r.Glob("/sys/class/hwmon/hwmon*/power1_input") {
			dir := path.Dir(name)
			rows = append(rows, model.Row{Key: path.Base(dir), Data: sensor{name, dir + "/name"}})
		}
		return rows, nil
	}
	for _, name := range r.Glob("/sys/class/thermal/thermal_zone*") {
		rows = append(rows, model.Row{Key: path.Base(name), Data: sensor{name + "/temp", name + "/type"}})
	}
	for _, name := range r.Glob("/sys/class/hwmon/hwmon*/temp*_input") {
		dir, base := path.Split(name)
		key := path.Base(dir) + "." + strings.TrimSuffix(base, "_input")
		rows = append(rows, model.Row{Key: key, Data: sensor{name, dir + "name"}})
	}
	return rows, nil
}

// A sensor is a file with a number (thousandths of a degree Celsius, microwatts), and one with its kind.
type sensor struct{ value, kind string }

// sensorFile is where a temperature of that key is read.
func sensorFile(key string) string {
	if chip, input, ok := strings.Cut(key, "."); ok {
		return "/sys/class/hwmon/" + chip + "/" + input + "_input"
	}
	return "/sys/class/thermal/" + key + "/temp"
}

// deviceSensor is what a sensor of either kind says of itself.
func deviceSensor(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s, ok := row.Data.(sensor)
	if !ok || len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "name": // with the key, since two zones may be of one kind and names are unique
		return cut(strings.TrimSpace(row.Key+" "+strings.TrimSpace(string(r.File(s.kind)))), 256), nil
	case "status":
		if _, ok := r.sensed(s.value); !ok {
			return "Error", nil
		}
		return "Enabled", nil
	}
	return "", nil
}

// sensed is the number in a sensor's file.
func (r *Reader) sensed(file string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(string(r.File(file))))
	return n, err == nil
}

// get is `call device.sampled FACT`, "" for what has not happened. To ask a sensor is to take a sample, one a transaction.
func (s *sampler) get(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	if len(args) != 1 {
		return "", nil
	}
	name := rowName(row)
	if !row.IsRoot() {
		if sn, ok := row.Data.(sensor); ok {
			r.Memo("sample "+name, func() any { s.degrees(r, name, sn.value); return nil })
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.row(name)
	if args[0] != "status" {
		return w.facts[args[0]], nil
	}
	switch {
	case !yes(r.stateGet(name, "enable"), true):
		return "Disabled", nil
	case w.failed:
		return "Error", nil
	}
	return "Enabled", nil
}

// reset is the command that has a sensor begin anew.
func (s *sampler) reset(_ context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if yes(value, false) {
		r.Act(func(context.Context) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.seen, rowName(row))
			s.row(rowName(row)).facts["reset"] = r.rt.dateTime()
			return nil
		})
	}
	return nil
}

// degrees takes a sample of a sensor, unless it is switched off. A limit that the temperature has left gives an alarm, whose
// time stays until the reset or until the limit is another.
func (s *sampler) degrees(r *Reader, name, file string) {
	set := r.stateValues()[name]
	if !yes(set["enable"], true) {
		return
	}
	milli, ok := r.sensed(file)
	now := r.rt.dateTime()
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.row(name)
	if w.failed = !ok; w.failed {
		return
	}
	value := milli / 1000
	w.facts["value"], w.facts["last"] = strconv.Itoa(value), now
	w.extreme("min", "low", -1, value, set, now)
	w.extreme("max", "high", 1, value, set, now)
}

// extreme notes whether a temperature is further out than all before it, and further than the limit. way is 1 for upwards.
func (w *seen) extreme(most, alarm string, way, value int, set map[string]string, now string) {
	f := w.facts
	if old, err := strconv.Atoi(f[most]); err != nil || cmp.Compare(value, old) == way {
		f[most], f[most+"time"] = f["value"], now
	}
	limit := sampleSetting(set, alarm, noDegrees)
	if text := set[alarm]; f[alarm+"limit"] != text {
		f[alarm], f[alarm+"limit"] = "", text
	}
	if limit > noDegrees && cmp.Compare(int64(value), limit) == way && f[alarm] == "" {
		f[alarm] = now
	}
}
