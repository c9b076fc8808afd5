package config

import (
	"strconv"
	"strings"
	"time"
)

// Options tells of every option that means something: its section, its name, what it may be ("as userid": it is another name
// of that option), and what holds where the file does not say, "" for nothing.
func Options(tell func(section, name, want, value string)) {
	c := Default()
	for i := range rules {
		table := rules[i].rules
		for j := range table {
			r := &table[j]
			switch {
			case r.idle():
			case j > 0 && r.text != nil && table[j-1].text != nil && r.text(&c) == table[j-1].text(&c):
				tell(rules[i].typ, r.option, "as "+table[j-1].option, "")
			default:
				value := r.value(&c)
				tell(rules[i].typ, r.option, r.want(), value)
			}
		}
	}
}

// want is what an option may be, in the words of the complaint about something that it may not be.
func (r *rule) want() string {
	var c Config
	err := r.set(&c, "?")
	if err == nil {
		return "text"
	}
	for _, no := range [...]string{" is not one of ", " is not ", " is no ", "does not begin with "} {
		if _, want, ok := strings.Cut(err.Error(), no); ok {
			if r.seconds != nil {
				want += " of seconds"
			}
			return strings.ReplaceAll(strings.TrimPrefix(want, ", "), ", ", "|")
		}
	}
	return err.Error()
}

// value is the option's text in c; "" where c has none that it may be.
func (r *rule) value(c *Config) (text string) {
	n := int64(0)
	switch {
	case r.text != nil:
		if text = *r.text(c); text == UnknownTime {
			text = ""
		}
		return text
	case r.yes != nil:
		if *r.yes(c) {
			n = 1
		}
	case r.number != nil:
		n = int64(*r.number(c))
	default:
		n = int64(*r.seconds(c) / time.Second)
	}
	if n < r.min {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
