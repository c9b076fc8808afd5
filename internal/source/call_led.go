package source

import (
	"context"
	"path"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// A LED is what the kernel has in /sys/class/leds; a `config led` of /etc/config/system may set it up. One that is
// switched off has trigger none and default 0 there, and what it did before in options which /etc/init.d/led does not
// read. Without a section a LED does what its driver or the boot scripts want.
var ledTable = []named{
	{"leds", &Func{Rows: ledRows}},
	{"led", &Func{Get: ledGet, Set: ledSet}},
	{"led.cycle", &Func{Rows: ledCycle}},
}

const (
	ledTrigger = "cwmp_trigger"
	ledDefault = "cwmp_default"
	ledOurs    = "cwmp_made" // there was no section before
)

func ledRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, name := range r.Glob("/sys/class/leds/*") {
		rows = append(rows, model.Row{Key: path.Base(name), Data: fileRow(name)})
	}
	return rows, nil
}

// ledSection is the section that sets a LED up, nil where there is none. Of several the last wins, as they are run in
// their order.
func (r *Reader) ledSection(led string) (found *uci.Section) {
	if p := r.UCI("system"); p != nil {
		for _, s := range p.OfType("led") {
			if s.Get("sysfs") == led {
				found = s
			}
		}
	}
	return found
}

// ledOff reports whether a section keeps its LED dark.
func ledOff(s *uci.Section) bool {
	trigger := text(s, "trigger")
	return s != nil && (trigger == "" || trigger == "none") && !yes(s.Get("default"), true)
}

// ledCycle is `rows call led.cycle`: the two halves of a blink, where the LED is set up to blink.
func ledCycle(_ context.Context, r *Reader, parent *model.Row, _ []string) ([]model.Row, error) {
	s := r.ledSection(parent.Key)
	if text(s, "trigger") != "timer" {
		return nil, nil
	}
	return []model.Row{
		{Key: parent.Key + "/on", Package: "system", Section: s.Name},
		{Key: parent.Key + "/off", Package: "system", Section: s.Name},
	}, nil
}

// ledColours are the colours that names of LEDs say, such as green:wan.
var ledColours = [...]struct{ name, rgb string }{
	{"red", "FF0000"}, {"green", "00FF00"}, {"blue", "0000FF"}, {"white", "FFFFFF"}, {"amber", "FFBF00"},
	{"yellow", "FFFF00"}, {"orange", "FF7F00"}, {"purple", "8000FF"}, {"cyan", "00FFFF"},
}

// ledGet is `call led FIELD`, of a LED or of one half of its blink.
func ledGet(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	led, half, _ := strings.Cut(row.Key, "/")
	dir := "/sys/class/leds/" + led
	_, trigger, _ := strings.Cut(string(r.File(dir+"/trigger")), "[")
	trigger, _, _ = strings.Cut(trigger, "]")
	brightness := strings.TrimSpace(string(r.File(dir + "/brightness")))
	lit := brightness != "" && brightness != "0"
	switch args[0] {
	case "enable":
		return digit(!ledOff(r.ledSection(led))), nil
	case "trigger":
		return trigger, nil
	case "status":
		return digit(lit || trigger != "" && trigger != "none"), nil
	case "element":
		if text(r.ledSection(led), "trigger") != "timer" {
			return "", nil
		}
		if lit {
			return led + "/on", nil
		}
		return led + "/off", nil
	case "half":
		return half, nil
	case "duration":
		return text(r.own(row), "delay"+half), nil
	}
	if half == "off" || half == "" && !lit {
		return "000000", nil
	}
	for _, c := range ledColours {
		if strings.Contains(":"+led+":", ":"+c.name+":") {
			return c.rgb, nil
		}
	}
	return "", nil
}

// ledSet is `call led enable` and `call led duration`.
func ledSet(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	led, half, _ := strings.Cut(row.Key, "/")
	if args[0] == "duration" {
		return r.uciSet("system", row.Section, "delay"+half, value)
	}
	s, on := r.ledSection(led), yes(value, false)
	if on != ledOff(s) {
		return nil
	}
	trigger, lit := text(s, "trigger"), text(s, "default")
	options := []string{"trigger", "none", "default", "0", ledTrigger, trigger, ledDefault, lit}
	switch {
	case s == nil:
		name := r.freeName("system", "cwmp_led_"+led)
		return r.addSection("system", "led", name, append(options, "name", led, "sysfs", led, ledOurs, "1")...)
	case on && s.Get(ledOurs) != "":
		return r.removeSection("system", s.Name)
	case on:
		if trigger, lit = s.Get(ledTrigger), s.Get(ledDefault); trigger == "" && lit == "" {
			lit = "1" // dark by somebody else's hand
		}
		options = []string{"trigger", trigger, "default", lit, ledTrigger, "", ledDefault, ""}
	}
	for i := 0; i < len(options); i += 2 {
		if err := r.uciSet("system", s.Name, options[i], options[i+1]); err != nil {
			return err
		}
	}
	return nil
}
