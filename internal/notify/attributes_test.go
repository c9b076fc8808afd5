package notify

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
)

// TestDefaults is T-200, N-2.
func TestDefaults(t *testing.T) {
	b := newBed(t, nil)
	for path, want := range map[string]int{version: 2, code: 2, url: 2, hostname: 0, uptime: 0, ssid1: 0, "Device.Nope": 0} {
		if got := b.Attr(path); got.Notification != want || !slices.Equal(got.AccessList, []string{"Subscriber"}) {
			t.Errorf("%s: got %v, want %d and Subscriber", path, got, want)
		}
	}
}

// TestSetAttributes is T-206, T-208, T-211, T-212, T-213, R-50, R-51, R-52, R-53, R-54, R-55, R-56, R-57.
func TestSetAttributes(t *testing.T) {
	none, two := []string{}, []string{"Subscriber", "X_ACME_Local"}
	for name, c := range map[string]struct {
		set  []SetAttr
		want map[string]Attr // nil: an error
		err  string
	}{
		"passive":                   {[]SetAttr{{hostname, ptr(1), nil}}, map[string]Attr{hostname: {1, []string{subscriber}}}, ""},
		"active":                    {[]SetAttr{{hostname, ptr(2), nil}}, map[string]Attr{hostname: {2, []string{subscriber}}}, ""},
		"access list":               {[]SetAttr{{hostname, nil, &two}}, map[string]Attr{hostname: {0, two}}, ""},
		"empty access list":         {[]SetAttr{{hostname, nil, &none}}, map[string]Attr{hostname: {0, none}}, ""},
		"nothing to change (R-52)":  {[]SetAttr{{hostname, nil, nil}}, map[string]Attr{hostname: {0, []string{subscriber}}}, ""},
		"the last wins (R-53)":      {[]SetAttr{{hostname, ptr(1), nil}, {hostname, ptr(2), nil}}, map[string]Attr{hostname: {2, []string{subscriber}}}, ""},
		"partial path":              {[]SetAttr{{"Device.WiFi.SSID.", ptr(1), nil}}, map[string]Attr{ssid1: {1, []string{subscriber}}, ssid2: {1, []string{subscriber}}, hostname: {0, []string{subscriber}}}, ""},
		"all (R-51)":                {[]SetAttr{{"", ptr(1), nil}}, map[string]Attr{ssid1: {1, []string{subscriber}}, hostname: {1, []string{subscriber}}, version: {2, []string{subscriber}}, url: {1, []string{subscriber}}}, ""},
		"forced stays (T-208)":      {[]SetAttr{{version, ptr(0), nil}}, map[string]Attr{version: {2, []string{subscriber}}}, ""},
		"default active can be off": {[]SetAttr{{url, ptr(0), nil}}, map[string]Attr{url: {0, []string{subscriber}}}, ""},
		"passive on canDeny":        {[]SetAttr{{uptime, ptr(1), nil}}, map[string]Attr{uptime: {1, []string{subscriber}}}, ""},
		"active on canDeny (T-206)": {[]SetAttr{{hostname, ptr(1), nil}, {uptime, ptr(2), nil}}, nil, "*notify.RefusedError"},
		"active below, one canDeny": {[]SetAttr{{"Device.DeviceInfo.", ptr(2), nil}}, nil, "*notify.RefusedError"},
		"lightweight (T-213)":       {[]SetAttr{{hostname, ptr(1), nil}, {notes, ptr(3), nil}}, nil, "*notify.InvalidError"},
		"negative":                  {[]SetAttr{{hostname, ptr(-1), nil}}, nil, "*notify.InvalidError"},
		"seven":                     {[]SetAttr{{hostname, ptr(7), nil}}, nil, "*notify.InvalidError"},
		"unknown name (T-212)":      {[]SetAttr{{hostname, ptr(1), nil}, {"Device.Nope", ptr(1), nil}}, nil, "*model.ParamError"},
		"unknown partial path":      {[]SetAttr{{"Device.Nope.", ptr(1), nil}}, nil, "*model.ParamError"},
		"row that is not there":     {[]SetAttr{{"Device.WiFi.SSID.9.SSID", ptr(1), nil}}, nil, "*model.ParamError"},
		"entity of 65 bytes":        {[]SetAttr{{hostname, nil, ptr([]string{strings.Repeat("x", 65)})}}, nil, "*notify.InvalidError"},
		"seventeen entities":        {[]SetAttr{{hostname, nil, ptr(make([]string, 17))}}, nil, "*notify.InvalidError"},
		"no entries, no change":     {nil, map[string]Attr{hostname: {0, []string{subscriber}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			err := b.SetAttributes(t.Context(), c.set)
			if got := fmt.Sprintf("%T", err); (err != nil || c.err != "") && got != c.err {
				t.Fatalf("got %v (%s), want %s", err, got, c.err)
			}
			if c.want == nil {
				c.want = map[string]Attr{hostname: {0, []string{subscriber}}, notes: {0, []string{subscriber}}} // all or nothing
			}
			for range 2 {
				for path, want := range c.want {
					if got := b.Attr(path); got.Notification != want.Notification || !slices.Equal(got.AccessList, want.AccessList) || got.AccessList == nil {
						t.Errorf("%s: got %v, want %v", path, got, want)
					}
				}
				b.restart() // T-214, N-3
			}
		})
	}
}

// What is set back to the default leaves nothing behind.
func TestDefaultsAreNotKept(t *testing.T) {
	b := newBed(t, nil)
	b.notify("", 1)
	b.notify("", 0)
	b.notify(url, 2)
	if err := b.SetAttributes(t.Context(), []SetAttr{{Path: hostname, AccessList: ptr([]string{"Subscriber"})}}); err != nil {
		t.Fatal(err)
	}
	if len(b.attrs) != 0 {
		t.Errorf("kept: %v", b.attrs)
	}
	if _, ok := b.baseline[hostname]; ok {
		t.Error("the baseline of a parameter that nobody watches is kept")
	}
}

// The attributes of what the ACS deletes are forgotten; a new row starts with the defaults.
func TestAttributesOfDeletedRows(t *testing.T) {
	b := newBed(t, nil)
	b.notify("Device.WiFi.SSID.", 2)
	b.acs(func(tx *model.Tx) error { return tx.Delete(t.Context(), "Device.WiFi.SSID.2.") })
	b.wantPending()
	if got := b.Attr(ssid1); got.Notification != 2 {
		t.Errorf("%s: got %v", ssid1, got)
	}
	b.restart()
	for path := range b.attrs {
		if strings.HasPrefix(path, "Device.WiFi.SSID.2.") {
			t.Errorf("kept: %s", path)
		}
	}
	var added uint32
	b.acs(func(tx *model.Tx) (err error) { added, err = tx.Add(t.Context(), "Device.WiFi.SSID."); return err })
	if got := b.Attr(fmt.Sprintf("Device.WiFi.SSID.%d.SSID", added)); got.Notification != 0 {
		t.Errorf("new row: got %v", got)
	}
	b.wantPending()
}

// A file that cannot be written fails the call, and nothing has changed.
func TestFlashIsFull(t *testing.T) {
	b := newBed(t, nil)
	if err := os.RemoveAll(filepath.Join(b.root, "etc/cwmpd")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.root, "etc/cwmpd"), nil, 0o644); err != nil { // no directory can be here now
		t.Fatal(err)
	}
	if err := b.SetAttributes(t.Context(), []SetAttr{{Path: hostname, Notification: ptr(1)}}); err == nil {
		t.Error("got no error")
	}
	if got := b.Attr(hostname); got.Notification != 0 {
		t.Errorf("got %v", got)
	}
}

// There is an end to what can be kept, and rows that are gone are forgotten first.
func TestTooManyAttributes(t *testing.T) {
	b := newBed(t, nil)
	b.Watcher.mu.Lock()
	for i := range maxAttributes {
		b.attrs[fmt.Sprintf("Device.WiFi.SSID.%d.SSID", 1000+i)] = stored{Notification: ptr(1)}
	}
	b.Watcher.mu.Unlock()
	b.notify(hostname, 1)
	if len(b.attrs) != 1 {
		t.Errorf("got %d", len(b.attrs))
	}
}

// Files that somebody broke do no harm (Z-49).
func TestBrokenFiles(t *testing.T) {
	b := newBed(t, nil)
	b.notify(hostname, 1)
	for _, text := range []string{"", "{", "null", `{"version":99}`, "\x00\xff"} {
		for _, name := range []string{"attributes.json", "baseline.json", "attributes.json~", "baseline.json~"} {
			os.WriteFile(filepath.Join(b.root, "etc/cwmpd", name), []byte(text), 0o600)
		}
		b.restart()
		b.wantPending()
		if got := b.Attr(version); got.Notification != 2 {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if err := b.store.Save("attributes", map[string]any{hostname: map[string]any{"n": 99}}); err != nil {
		t.Fatal(err)
	}
	b.restart()
	if got := b.Attr(hostname); got.Notification != 0 {
		t.Errorf("level 99: got %v", got)
	}
}

func TestNewWantsTreeAndStore(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("got no error")
	}
	if err := error(&RefusedError{"p"}); !strings.Contains(err.Error(), "p") || errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
