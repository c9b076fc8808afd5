package source

import (
	"maps"
	"testing"

	"github.com/cwmpd/cwmpd/internal/kernel"
)

func TestWhyARadioChangedItsChannel(t *testing.T) {
	type step struct {
		hear    kernel.News
		freq    uint32
		wanted  string
		follows bool
		want    map[string]uint32
	}
	radar, moved := func(freq uint32) kernel.News { return kernel.News{Freq: freq, Radar: true} }, func(freq uint32) kernel.News { return kernel.News{Freq: freq, Moved: true} }
	none := map[string]uint32{}
	for name, steps := range map[string][]step{
		"the first look is no change": {{freq: 5180, wanted: "36", want: none}, {freq: 5180, wanted: "44", want: none}},
		"UCI names another":           {{freq: 5180, wanted: "36"}, {freq: 5180, wanted: "44"}, {freq: 5220, wanted: "44", want: map[string]uint32{"": 1, "Manual": 1}}},
		"hostapd has the choice":      {{freq: 5180, wanted: "36"}, {freq: 5260, wanted: "auto", want: map[string]uint32{"": 1, "Auto_Startup": 1}}},
		"it chooses at each start":    {{freq: 2412, wanted: "auto"}, {freq: 2437, wanted: "auto"}, {freq: 2462, wanted: "", want: map[string]uint32{"": 2, "Auto_Startup": 2}}},
		"somebody moves it, and it starts again": {{freq: 2412, wanted: "auto"}, {hear: moved(2437), freq: 2437, wanted: "auto"}, {freq: 2412, wanted: "auto",
			want: map[string]uint32{"": 2, "Unknown": 1, "Auto_Startup": 1}}},
		"somebody moves it from what UCI says": {{freq: 5180, wanted: "36"}, {hear: moved(5220), freq: 5220, wanted: "36"}, {freq: 5180, wanted: "36",
			want: map[string]uint32{"": 2, "Unknown": 2}}},
		"a radar": {{freq: 5500, wanted: "100"}, {hear: radar(5500), freq: 5500, wanted: "100", want: none}, {hear: moved(5180), freq: 5180, wanted: "100",
			want: map[string]uint32{"": 1, "Auto_DFS": 1}}},
		"a radar, and hostapd starts anew":      {{freq: 5500, wanted: "auto"}, {hear: radar(5500), freq: 5260, wanted: "auto", want: map[string]uint32{"": 1, "Auto_DFS": 1}}},
		"it follows another network":            {{freq: 2412, wanted: "auto", follows: true}, {freq: 2437, wanted: "auto", follows: true, want: map[string]uint32{"": 1, "Unknown": 1}}},
		"a radar counts once":                   {{freq: 5500, wanted: "auto"}, {hear: radar(5500), freq: 5260}, {freq: 5500}, {freq: 5180, want: map[string]uint32{"": 3, "Auto_DFS": 1, "Auto_Startup": 2}}},
		"a radar where nobody is":               {{freq: 5180, wanted: "36"}, {hear: radar(5500), freq: 5500, wanted: "100"}, {freq: 5180, wanted: "36", want: map[string]uint32{"": 2, "Manual": 2}}},
		"UCI wants one that is not to be had":   {{freq: 5180, wanted: "36"}, {freq: 5260, wanted: "100", want: map[string]uint32{"": 1, "Unknown": 1}}},
		"channel 1 of 6 GHz is not 2.4 GHz's 2": {{freq: 5955, wanted: "1"}, {freq: 5935, wanted: "2", want: map[string]uint32{"": 1, "Manual": 1}}},
	} {
		c := &channelChanges{}
		for i, s := range steps {
			c.hear(s.hear)
			c.note("radio0", s.freq, s.wanted, s.follows)
			clear(c.moved) // it has settled
			if got := c.radios["radio0"].counts; s.want != nil && !maps.Equal(got, s.want) {
				t.Errorf("%s, step %d: got %v, want %v", name, i, got, s.want)
			}
		}
	}
}
