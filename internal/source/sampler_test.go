package source_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

const (
	memory = "Device.DeviceInfo.MemoryStatus.MemoryMonitor."
	cpu0   = "Device.DeviceInfo.ProcessStatus.CPU.1."
	sensor = "Device.DeviceInfo.TemperatureStatus.TemperatureSensor."
	never  = "0001-01-01T00:00:00Z"
)

// sampled runs a test on a device with two sensors, whose sampler runs, at 2026-01-02T03:04:05Z.
func sampled(t *testing.T, test func(t *testing.T, d *device)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t)
		d.write(t, "sys/class/thermal/thermal_zone0/temp", "48123\n")
		d.write(t, "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
		d.write(t, "sys/class/hwmon/hwmon1/temp1_input", "x\n")
		d.write(t, "sys/class/hwmon/hwmon1/name", "mt7915_phy0\n")
		start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(d.root, "etc/openwrt_release"), start, start); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(start))
		stop := d.sample(t)
		synctest.Wait()
		test(t, d)
		stop()
	})
}

// sample runs the sampler until stop is called, which waits for it.
func (d *device) sample(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.src.RunSampler(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func (d *device) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(d.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// used says how many percent of the memory are used.
func (d *device) used(t *testing.T, percent int) {
	t.Helper()
	d.write(t, "proc/meminfo", fmt.Sprintf("MemTotal: 1000 kB\nMemAvailable: %d kB\n", 1000-10*percent))
}

func (d *device) must(t *testing.T, pairs ...string) {
	t.Helper()
	if _, err := d.set(t, pairs...); err != nil {
		t.Fatal(pairs, err)
	}
	synctest.Wait()
}

func TestMemoryIsWatchedWhileThatIsEnabled(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		d.used(t, 95)
		time.Sleep(24 * time.Hour)
		want(t, d.get(t, memory), memory+"Enable", "false", memory+"PollingInterval", "60", memory+"CriticalRiseThreshold", "80", memory+"CriticalFallThreshold", "60",
			memory+"CriticalRiseTimeStamp", never, memory+"CriticalFallTimeStamp", never, memory+"MemUtilization", "95")

		d.must(t, memory+"Enable", "true", memory+"PollingInterval", "10", memory+"EnableCriticalLog", "true")
		want(t, d.get(t, memory), memory+"CriticalRiseTimeStamp", "2026-01-03T03:04:05Z", memory+"CriticalFallTimeStamp", never)
		if err := d.tree.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, percent := range []int{95, 79, 60, 59, 81, 100} {
			d.used(t, percent)
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		want(t, d.get(t, memory), memory+"CriticalRiseTimeStamp", "2026-01-03T03:04:55Z", memory+"CriticalFallTimeStamp", "2026-01-03T03:04:45Z")
		if got := strings.Count(d.log.String(), "of=memory"); got != 3 || !strings.Contains(d.log.String(), `msg="critical load: fall" of=memory percent=59 rise=80 fall=60`) {
			t.Errorf("the log has %d lines, want rise, fall and rise: %s", got, d.log.String())
		}

		// Times stay when it is disabled, and it is critical anew when it is enabled again.
		d.must(t, memory+"Enable", "false")
		time.Sleep(time.Hour)
		want(t, d.get(t, memory), memory+"CriticalRiseTimeStamp", "2026-01-03T03:04:55Z")
		d.must(t, memory+"Enable", "true", memory+"EnableCriticalLog", "false")
		want(t, d.get(t, memory), memory+"CriticalRiseTimeStamp", "2026-01-03T04:05:05Z")
		if got := strings.Count(d.log.String(), "of=memory"); got != 3 {
			t.Errorf("a line in the log, although that is disabled: %s", d.log.String())
		}

		for _, bad := range []string{memory + "PollingInterval=0", memory + "CriticalRiseThreshold=101", memory + "FilePath=/etc/passwd", memory + "PollingInterval=4294967296"} {
			path, value, _ := strings.Cut(bad, "=")
			if _, err := d.set(t, path, value); model.Errors(err) == nil {
				t.Errorf("%s: %v, want a refusal", bad, err)
			}
		}
		d.must(t, memory+"PollingInterval", "4294967295")
	})
}

// What is enabled is so after a restart of the agent; what was seen is not known any more.
func TestSettingsOfSamplersOutliveTheAgent(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		d.used(t, 95)
		d.must(t, memory+"Enable", "true", cpu0+"Enable", "true", sensor+"1.Enable", "false", sensor+"2.HighAlarmValue", "60")
		d.open(t)
		want(t, d.get(t, ""), memory+"CriticalRiseTimeStamp", never, cpu0+"Enable", "true", sensor+"1.Status", "Disabled", sensor+"2.HighAlarmValue", "60")
		stop := d.sample(t)
		synctest.Wait()
		want(t, d.get(t, memory), memory+"CriticalRiseTimeStamp", "2026-01-02T03:04:05Z")
		stop()
	})
}

func TestTheLoadOfAProcessorIsTheMeanOfItsSamples(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		var user, idle int
		work := func(percent int) {
			user, idle = user+percent, idle+100-percent
			d.write(t, "proc/stat", fmt.Sprintf("cpu %d 0 0 %d 0 0 0\ncpu0 %d 0 0 %d 0 0 0\n", user, idle, user, idle))
		}
		work(50)
		want(t, d.get(t, cpu0), cpu0+"Enable", "false", cpu0+"CPUUtilization", "50", cpu0+"PollInterval", "5", cpu0+"NumSamples", "30", cpu0+"VendorLogFileRef", "Device.DeviceInfo.VendorLogFile.1")
		d.must(t, cpu0+"Enable", "true", cpu0+"NumSamples", "2", cpu0+"PollInterval", "60", cpu0+"CriticalRiseThreshold", "70", cpu0+"CriticalFallThreshold", "30")
		loads := []string{}
		for _, percent := range []int{100, 50, 0, 20, 40} {
			work(percent)
			time.Sleep(time.Minute)
			synctest.Wait()
			loads = append(loads, d.get(t, cpu0)[cpu0+"CPUUtilization"])
		}
		if want := []string{"100", "75", "25", "10", "30"}; !slices.Equal(loads, want) {
			t.Errorf("loads %q, want %q", loads, want)
		}
		want(t, d.get(t, cpu0), cpu0+"CriticalRiseTimeStamp", "2026-01-02T03:05:05Z", cpu0+"CriticalFallTimeStamp", "2026-01-02T03:07:05Z",
			cpu0+"UserModeUtilization", "30", cpu0+"SystemModeUtilization", "0", cpu0+"IdleModeUtilization", "70")

		// While it is off it is not sampled, and nobody falls over that.
		d.write(t, "proc/stat", "cpu 1 0 0 1 0 0 0\n")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := d.get(t, "Device.DeviceInfo.ProcessStatus.")["Device.DeviceInfo.ProcessStatus.CPUNumberOfEntries"]; got != "0" {
			t.Errorf("%s processors", got)
		}
	})
}

func TestASensorIsSampledByWhoReadsIt(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		one, two := sensor+"1.", sensor+"2."
		want(t, d.get(t, sensor),
			one+"Name", "thermal_zone0 cpu-thermal", one+"Enable", "true", one+"Status", "Enabled", one+"Value", "48", one+"LastUpdate", "2026-01-02T03:04:05Z",
			one+"MinValue", "48", one+"MinTime", "2026-01-02T03:04:05Z", one+"MaxValue", "48", one+"MaxTime", "2026-01-02T03:04:05Z",
			one+"LowAlarmValue", "-274", one+"LowAlarmTime", never, one+"HighAlarmValue", "-274", one+"HighAlarmTime", never,
			one+"Reset", "false", one+"ResetTime", never, one+"PollingInterval", "0",
			two+"Name", "hwmon1.temp1 mt7915_phy0", two+"Status", "Error", two+"Value", "-274", two+"LastUpdate", never, two+"MinValue", "-274", two+"MaxTime", never)

		heat := func(milli string, after time.Duration) map[string]string {
			d.write(t, "sys/class/thermal/thermal_zone0/temp", milli)
			time.Sleep(after)
			synctest.Wait()
			return d.get(t, one)
		}
		heat("70999\n", time.Hour)
		heat("-12999", time.Hour)
		want(t, heat("20000\n", time.Hour), one+"Value", "20", one+"LastUpdate", "2026-01-02T06:04:05Z", one+"MinValue", "-12", one+"MinTime", "2026-01-02T05:04:05Z",
			one+"MaxValue", "70", one+"MaxTime", "2026-01-02T04:04:05Z")

		// What cannot be read leaves the last good value.
		for _, bad := range []string{"", "x", "99999999999999999999", "1 2"} {
			want(t, heat(bad, time.Minute), one+"Status", "Error", one+"Value", "20", one+"LastUpdate", "2026-01-02T06:04:05Z")
		}

		d.must(t, one+"Reset", "true")
		want(t, heat("21000", time.Minute), one+"Reset", "false", one+"ResetTime", "2026-01-02T06:08:05Z", one+"Status", "Enabled", one+"MinValue", "21", one+"MaxValue", "21",
			one+"MaxTime", "2026-01-02T06:09:05Z")

		d.must(t, one+"Enable", "false")
		want(t, heat("99000", time.Minute), one+"Status", "Disabled", one+"Value", "21", one+"LastUpdate", "2026-01-02T06:09:05Z")
	})
}

func TestASensorWithAnAlarmIsWatched(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		one := sensor + "1."
		d.must(t, one+"HighAlarmValue", "60", one+"LowAlarmValue", "0")
		for _, milli := range []string{"60999", "61000", "90000", "-999", "-1000", "40000"} { // at :04:05 and a minute apart from there
			d.write(t, "sys/class/thermal/thermal_zone0/temp", milli)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		alarms := func(t *testing.T, high, low string) {
			t.Helper()
			want(t, d.get(t, one), one+"HighAlarmTime", high, one+"LowAlarmTime", low)
		}
		alarms(t, "2026-01-02T03:06:05Z", "2026-01-02T03:09:05Z")
		want(t, d.get(t, one), one+"MaxValue", "90", one+"MaxTime", "2026-01-02T03:07:05Z")

		d.must(t, one+"HighAlarmValue", "95", one+"LowAlarmValue", "-274")
		alarms(t, never, never)
		d.must(t, one+"HighAlarmValue", "-274", one+"PollingInterval", "5")
		d.write(t, "sys/class/thermal/thermal_zone0/temp", "96000")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		d.write(t, "sys/class/thermal/thermal_zone0/temp", "40000")
		alarms(t, never, never)
		want(t, d.get(t, one), one+"MaxValue", "96")
	})
}

// Before the clock is set a time is one since boot.
func TestSamplesBeforeTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t)
		d.write(t, "sys/class/thermal/thermal_zone0/temp", "48123\n")
		want(t, d.get(t, sensor), sensor+"1.LastUpdate", "0001-01-01T00:00:12")
	})
}

// A sensor may go while it is polled.
func TestASensorThatIsGone(t *testing.T) {
	sampled(t, func(t *testing.T, d *device) {
		d.must(t, sensor+"1.PollingInterval", "7")
		if err := os.RemoveAll(filepath.Join(d.root, "sys")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if rows := slices.Collect(maps.Keys(d.get(t, sensor))); len(rows) != 0 {
			t.Errorf("rows %q", rows)
		}
	})
}
