package source

import (
	"testing"
	"time"
)

func TestNothingIsSampledUnlessItIsSwitchedOn(t *testing.T) {
	cpu, heat := cpuTable+" cpu0", sensorTable+" thermal_zone0"
	type set = map[string]string
	for _, c := range []struct {
		name string
		set  set
		want time.Duration
	}{
		{"", nil, 0},
		{"", set{"enable": "true", "ParameterKey": "x"}, 0},
		{"", set{"memory.enable": "true"}, time.Minute},
		{"", set{"memory.enable": "true", "memory.interval": "5"}, 5 * time.Second},
		{"", set{"memory.enable": "false", "memory.interval": "5"}, 0},
		{cpu, set{"interval": "1"}, 0},
		{cpu, set{"enable": "true"}, 5 * time.Second},
		{cpu, set{"enable": "true", "interval": "-5"}, 5 * time.Second},
		{cpu, set{"enable": "true", "interval": "99999999999999999999"}, 5 * time.Second},
		{cpu, set{"enable": "true", "interval": "9999999999999"}, 4294967295 * time.Second},
		{heat, nil, 0},
		{heat, set{"interval": "7"}, 7 * time.Second},
		{heat, set{"interval": "7", "enable": "false"}, 0},
		{heat, set{"interval": "0", "low": "-273"}, time.Minute},
		{heat, set{"high": "80"}, time.Minute},
		{heat, set{"high": "-274", "low": "x"}, 0},
		{"Device.Hosts.Host. 1", set{"enable": "true", "interval": "1", "hostname": "x"}, 0},
	} {
		if got := sampleEvery(c.name, c.set); got != c.want {
			t.Errorf("%q %v: every %v, want %v", c.name, c.set, got, c.want)
		}
	}
}

func TestTheSamplerSleepsUntilTheNextIsDue(t *testing.T) {
	rt := newRouter(t, map[string]string{"proc/meminfo": "MemTotal: 10 kB\nMemAvailable: 5 kB\n"})
	now := time.Now()
	poll := func(after time.Duration, set ...string) time.Duration {
		t.Helper()
		if len(set) > 0 {
			r := rt.begin(t)
			for i := 0; i < len(set); i += 3 {
				r.stateSet(set[i], set[i+1], set[i+2])
			}
			rt.commit(t, r)
		}
		now = now.Add(after)
		return rt.sampler.poll(newReader(rt.Router, nil), now)
	}
	cpu, heat := cpuTable+" cpu0", sensorTable+" thermal_zone0"
	got := []time.Duration{
		poll(0),
		poll(0, heat, "enable", "true", cpu, "samples", "7"),
		poll(0, heat, "interval", "10"),
		poll(3*time.Second, cpu, "enable", "true"),
		poll(5 * time.Second),
		poll(2*time.Second, cpu, "samples", "-9"),
		poll(3*time.Second, heat, "interval", "0"),
		poll(time.Hour, cpu, "enable", "false"),
	}
	want := []time.Duration{0, 0, 10 * time.Second, 5 * time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 0}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("poll %d: the next is in %v, want %v", i, got[i], want[i])
		}
	}
}
