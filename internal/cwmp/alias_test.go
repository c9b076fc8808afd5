package cwmp

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// put sets parameters, "path=value" each, without types.
func (r *router) put(pairs ...string) cwmptest.Message {
	r.t.Helper()
	var values []cwmptest.Value
	for _, pair := range pairs {
		path, text, _ := strings.Cut(pair, "=")
		values = append(values, cwmptest.Value{Name: path, Text: text})
	}
	return r.one(cwmptest.SetParameterValues("K", values...))
}

func (r *router) mustPut(pairs ...string) {
	r.t.Helper()
	if m := r.put(pairs...); m.Name != "SetParameterValuesResponse" {
		r.t.Fatalf("answer %s", m.Body)
	}
}

// get asks for values and returns path=value, sorted.
func (r *router) get(names ...string) []string {
	r.t.Helper()
	m := r.one(cwmptest.GetParameterValues(names...))
	if m.Name != "GetParameterValuesResponse" {
		r.t.Fatalf("answer %s", m.Body)
	}
	var list []string
	for path, text := range m.Values() {
		list = append(list, path+"="+text)
	}
	if n := strings.Count(string(m.Body), "<ParameterValueStruct>"); n != len(list) {
		r.t.Errorf("%d values for %d parameters", n, len(list))
	}
	slices.Sort(list)
	return list
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// newRows has two rows: a1 with the number 1 and a part, and number 2.
func newRows(t *testing.T) *router {
	t.Helper()
	r := newRouter(t)
	for _, object := range []string{"Device.Test.Row.[a1].", "Device.Test.Row.", "Device.Test.Row.[a1].Part.[p]."} {
		if m := r.one(cwmptest.AddObject(object, "")); m.Name != "AddObjectResponse" {
			t.Fatalf("%s: %s", object, m.Body)
		}
	}
	return r
}

func TestT156_Wildcards(t *testing.T) {
	r := newRows(t)
	r.mustPut("Device.Test.Row.1.Name=one", "Device.Test.Row.2.Name=two")
	wantList(t, "values", r.get("Device.Test.Row.*.Name"), "Device.Test.Row.1.Name=one", "Device.Test.Row.2.Name=two")
	wantList(t, "R-30 what several names stand for is answered once", r.get("Device.Test.Row.*.Name", "Device.Test.Row.[a1].Name", "Device.Test.Row.2.Name", "Device.Test.Row.[cpe-2].Name"),
		"Device.Test.Row.1.Name=one", "Device.Test.Row.2.Name=two")
	wantList(t, "no rows", r.get("Device.Test.Row.2.Part.*.Size"))
	wantList(t, "no rows below some", r.get("Device.Test.Row.*.Part.*.Size"), "Device.Test.Row.1.Part.1.Size=0")
	wantList(t, "names", r.one(cwmptest.GetParameterNames("Device.Test.Row.*.Part.", true)).Names(), "Device.Test.Row.1.Part.1. rw")
	wantList(t, "attributes", slices.Sorted(maps.Keys(r.attributes("Device.Test.Row.*.Name", "Device.Test.Row.[a1].Name"))), "Device.Test.Row.1.Name", "Device.Test.Row.2.Name")

	m := r.put("Device.Test.Row.*.Name=x", "Device.Test.Row.1.Part.*.Size=1") // nowhere else
	wantFault(t, m, 9003)
	if got := m.ParamFaults(); got["Device.Test.Row.*.Name"] != 9005 || got["Device.Test.Row.1.Part.*.Size"] != 9005 {
		t.Errorf("faults %v", got)
	}
	wantFault(t, r.one(cwmptest.SetParameterAttributes(notification("Device.Test.Row.*.Name", 1))), 9005)
	wantFault(t, r.one(cwmptest.AddObject("Device.Test.Row.*.Part.", "")), 9005)
	wantFault(t, r.one(cwmptest.DeleteObject("Device.Test.Row.*.", "")), 9005)
}

func TestT239_ObjectsByAlias(t *testing.T) {
	r := newRows(t)
	wantList(t, "value", r.get("Device.Test.Row.[a1].Enable"), "Device.Test.Row.1.Enable=false")
	for object, code := range map[string]int{
		"Device.Test.Row.[a1].": 9003, "Device.Test.Row.[1a].": 9005, "Device.Test.Row.[].": 9005, "Device.Test.Row.[cpe-9].": 9005, "Device.Test.Row.[a": 9005,
		"Device.Test.Row.[none].Part.[x].": 9005, "Device.Test.Fixed.[x].": 9005,
	} {
		wantFault(t, r.one(cwmptest.AddObject(object, "no")), code)
	}
	if m := r.one(cwmptest.AddObject("Device.Test.Row.[cpe-2].Part.[q].", "K9")); m.Text("InstanceNumber") != "1" || r.key() != "K9" {
		t.Errorf("in a row of ours: %s", m.Body)
	}
	if m := r.one(cwmptest.DeleteObject("Device.Test.Row.[a1].Part.[p].", "K")); m.Name != "DeleteObjectResponse" {
		t.Errorf("DeleteObject: %s", m.Body)
	}
	wantFault(t, r.one(cwmptest.DeleteObject("Device.Test.Row.[a1].Part.[p].", "K")), 9005)
	r.mustPut("Device.Test.Row.[a1].Next=Device.Test.Row.[cpe-2].")
	wantList(t, "R-36 a path", r.get("Device.Test.Row.[a1].Next"), "Device.Test.Row.1.Next=Device.Test.Row.2")
}

func TestT242_AliasesThatCannotBe(t *testing.T) {
	r := newRows(t)
	for _, alias := range []string{"a1", "", "1a", "cpe-7", "a b", strings.Repeat("a", 65)} {
		m := r.put("Device.Test.Row.2.Alias=" + alias)
		wantFault(t, m, 9003)
		if got := m.ParamFaults(); len(got) != 1 || got["Device.Test.Row.2.Alias"] != 9007 {
			t.Errorf("%q: faults %v", alias, got)
		}
	}
	r.mustPut("Device.Test.Row.2.Alias=a2", "Device.Test.Row.[cpe-2].Name=two") // the name it had when the call came
	wantList(t, "the new one", r.get("Device.Test.Row.[a2].Name"), "Device.Test.Row.2.Name=two")
	wantFault(t, r.one(cwmptest.GetParameterValues("Device.Test.Row.[cpe-2].Name")), 9005)
}

func TestR14_AliasAndNumber(t *testing.T) {
	r := newRows(t)
	for _, pairs := range [][]string{
		{"Device.Test.Row.1.Name=x", "Device.Test.Row.[a1].Name=y"}, {"Device.Test.Row.[a1].Name=x", "Device.Test.Row.1.Name=x"},
		{"Device.Test.Row.[a1].Part.1.Size=1", "Device.Test.Row.1.Part.[p].Size=1", "Device.Nope=1"},
	} {
		m := r.put(pairs...)
		wantFault(t, m, 9003)
		if len(m.ParamFaults()) != 0 {
			t.Errorf("%q: faults %v", pairs, m.ParamFaults())
		}
	}
	wantList(t, "nothing is set", r.get("Device.Test.Row.1.Name"), "Device.Test.Row.1.Name=")
}

func TestT241_AutoCreateInstances(t *testing.T) {
	r := newRows(t)
	number := r.value("Device.Test.RowNumberOfEntries")
	m := r.put("Device.Test.Row.[new].Enable=1", "Device.Test.Int=7")
	wantFault(t, m, 9003)
	if got := m.ParamFaults(); len(got) != 1 || got["Device.Test.Row.[new].Enable"] != 9005 {
		t.Errorf("AutoCreateInstances false: faults %v", got)
	}
	r.mustPut("Device.ManagementServer.AutoCreateInstances=true")
	m = r.put("Device.Test.Row.[new].Enable=1", "Device.Test.Row.[new].Name="+strings.Repeat("x", 33))
	if got := m.ParamFaults(); len(got) != 1 || r.value("Device.Test.RowNumberOfEntries") != number {
		t.Errorf("one wrong value: faults %v, rows %s", got, r.value("Device.Test.RowNumberOfEntries"))
	}
	r.mustPut("Device.Test.Row.[new].Enable=1", "Device.Test.Row.[new].Part.[x].Size=5", "Device.Test.Row.[a1].Next=Device.Test.Row.[new]")
	wantList(t, "made", r.get("Device.Test.Row.[new].Enable", "Device.Test.Row.[new].Part.[x].Size", "Device.Test.Row.1.Next", "Device.Test.RowNumberOfEntries"),
		"Device.Test.Row.1.Next=Device.Test.Row.4", "Device.Test.Row.4.Enable=true", "Device.Test.Row.4.Part.1.Size=5", "Device.Test.RowNumberOfEntries=3")
	wantFault(t, r.put("Device.Test.Row.[more].Enable=1"), 9004) // T-236
	m = r.put("Device.Test.Fixed.[f].Name=x", "Device.Test.Row.[9].Name=x", "Device.Test.Row.[new].Part.[y].Nope=1", "Device.Test.Row.9.Name=1")
	if got := m.ParamFaults(); len(got) != 4 || slices.ContainsFunc(slices.Collect(maps.Values(got)), func(code int) bool { return code != 9005 }) {
		t.Errorf("rows that cannot be made: faults %v", got)
	}
}

func TestT240_InstanceMode(t *testing.T) {
	r := newRows(t)
	r.mustPut("Device.Test.Row.1.Next=Device.Test.Row.2", "Device.Test.Row.2.Next=Device.Test.Row.1")
	r.set(notification("Device.Test.Row.[a1].Name", 1), notification("Device.Test.Row.[a1].Next", 1))
	r.one(cwmptest.AddObject("Device.ManagementServer.InformParameter.[x].", ""))
	r.mustPut("Device.ManagementServer.InformParameter.[x].ParameterName=Device.Test.Row.*.Next", "Device.ManagementServer.InformParameter.[x].Enable=1",
		"Device.ManagementServer.InformParameter.[x].EventList=6 CONNECTION REQUEST")
	answers := r.ask(cwmptest.SetParameterValues("K", cwmptest.Value{Name: "Device.ManagementServer.InstanceMode", Text: "InstanceAlias"}),
		cwmptest.GetParameterValues("Device.Test.Row.1.Next")) // it acts from the next answer on
	if got := answers[1].Values()["Device.Test.Row.[a1].Next"]; got != "Device.Test.Row.[cpe-2]" {
		t.Errorf("in the same session: %s", answers[1].Body)
	}
	wantList(t, "names", r.one(cwmptest.GetParameterNames("Device.Test.Row.", true)).Names(), "Device.Test.Row.[a1]. rw", "Device.Test.Row.[cpe-2]. rw")
	if got := r.attributes("Device.Test.Row.1."); got["Device.Test.Row.[a1].Name"] != "1 [Subscriber]" || got["Device.Test.Row.[a1].Part.[p].Size"] != "0 [Subscriber]" {
		t.Errorf("attributes %v", got)
	}
	m := r.put("Device.Test.Row.1.Name="+strings.Repeat("x", 33), "Device.Test.Row.[cpe-2].Alias=1", "Device.ManagementServer.InformParameter.1.EventList=4 VALUE CHANGE")
	want := map[string]int{"Device.Test.Row.[a1].Name": 9007, "Device.Test.Row.[cpe-2].Alias": 9007, "Device.ManagementServer.InformParameter.[x].EventList": 9007}
	if got := m.ParamFaults(); !maps.Equal(got, want) {
		t.Errorf("faults %v, want %v", got, want)
	}
	m = r.put("Device.Test.Row.2.Alias=a1")
	if got := m.ParamFaults(); len(got) != 1 || got["Device.Test.Row.[a1].Alias"] != 9007 {
		t.Errorf("fault of the commit %v", got)
	}
	wantFault(t, r.put("Device.Test.Row.[a1].Name=x", "Device.Test.Row.1.Name=y"), 9003)

	text := r.read("etc/config/test")
	writeFiles(t, r.root, map[string]string{"etc/config/test": strings.NewReplacer("option next 'row_2'", "option next 'row_1'\n\toption name 'here'").Replace(text)})
	r.cpe.Post(Event{Code: EventConnectionRequest})
	r.good()
	values := r.last("Inform").Values()
	for path, text := range map[string]string{
		"Device.Test.Row.[a1].Name": "here", "Device.Test.Row.[a1].Next": "Device.Test.Row.[a1]", "Device.Test.Row.[cpe-2].Next": "Device.Test.Row.[a1]",
	} {
		if values[path] != text {
			t.Errorf("Inform: %s = %q, want %q", path, values[path], text)
		}
	}
	for path := range values {
		if strings.HasPrefix(path, "Device.Test.Row.1") {
			t.Errorf("Inform with %s", path)
		}
	}
	r.good()
	if _, there := r.last("Inform").Values()["Device.Test.Row.[a1].Name"]; there {
		t.Error("told twice")
	}
	r.mustPut("Device.ManagementServer.InstanceMode=InstanceNumber")
	wantList(t, "numbers again", r.get("Device.Test.Row.[a1].Next"), "Device.Test.Row.1.Next=Device.Test.Row.1")
}

func TestI9_InformParameterCanHave(t *testing.T) {
	r := newRows(t)
	r.one(cwmptest.AddObject("Device.ManagementServer.InformParameter.", ""))
	row := "Device.ManagementServer.InformParameter.1."
	for _, bad := range []string{"ParameterName=Device.DeviceInfo.SoftwareVersion", "ParameterName=Device.Test.", "ParameterName=", "ParameterName=Device.Test.Row.1*.Name",
		"ParameterName=Device.*.Int", "EventList=4 VALUE CHANGE", "EventList=1 BOOT, 4 VALUE CHANGE"} {
		m := r.put(row + bad)
		name, text, _ := strings.Cut(bad, "=")
		switch got := m.ParamFaults(); {
		case text == "" && m.FaultCode() != 0:
			t.Errorf("%s: %s", bad, m.Body)
		case text != "" && got[row+name] != 9007:
			t.Errorf("%s: faults %v", bad, got)
		}
	}
	r.mustPut(row+"Enable=1", row+"ParameterName=Device.Test.Row.*.Name")
	r.cpe.Post(Event{Code: EventConnectionRequest})
	r.good()
	if values := r.last("Inform").Values(); len(values) != len(forced)+2 {
		t.Errorf("a wildcard: %v", values)
	}
	for _, name := range []string{"Device.Test.Row.[a1].Name", "Device.Test.Row.77.Name", "Device.Not.Yet"} {
		r.mustPut(row + "ParameterName=" + name)
		r.cpe.Post(Event{Code: EventConnectionRequest})
		r.good()
		_, there := r.last("Inform").Values()["Device.Test.Row.1.Name"]
		if there != strings.Contains(name, "a1") {
			t.Errorf("%s: %v", name, r.last("Inform").Values())
		}
	}
}

func TestZ26_HostilePaths(t *testing.T) {
	r := newRows(t)
	for path, code := range map[string]int{
		strings.Repeat("*.", 120): 9005, "Device.Test.Row." + strings.Repeat("*.", 100): 9005, "Device.Test.Row.[" + strings.Repeat("a", 65) + "].": 9005,
		"Device.Test.Row.[[a1]].": 9005, "Device.Test.Row.[a1]].": 9005, "Device.Test.Row.[a1][a1].": 9005, "Device.Test.Row.[*].": 9005, "Device.Test.Row.[a1.": 9005,
		"Device.Test.Row.[%00].": 9005, "Device.Test.Row.[../a1].": 9005, "Device.Test.Row.[1].": 9005, "Device.Test.Row.*": 9005,
		strings.Repeat("*", 1<<20): 9003, "Device.Test.Row.[" + strings.Repeat("a", 1<<20) + "].": 9003,
	} {
		wantFault(t, r.one(cwmptest.GetParameterNames(path, false)), code)
		wantFault(t, r.one(cwmptest.GetParameterValues(path)), code)
		wantFault(t, r.one(cwmptest.GetParameterAttributes(path)), code)
		wantFault(t, r.one(cwmptest.AddObject(path+"Part.", "")), code)
		wantFault(t, r.one(cwmptest.DeleteObject(path, "")), code)
	}
}

func (r *router) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}
