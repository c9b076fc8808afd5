package source

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

// startBus runs a real dbus-daemon on the socket of the root.
func startBus(t *testing.T, root string) *dbus.Conn {
	t.Helper()
	conn, _ := startBusToKill(t, root)
	return conn
}

func startBusToKill(t *testing.T, root string) (conn *dbus.Conn, kill func()) {
	t.Helper()
	address, kill, err := sandbox.StartDBus(root)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no dbus-daemon on this machine:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kill)
	conn, err = dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, kill
}

const modemIface = "org.example.Modem"

// serveModems exports two modems and their ObjectManager, and returns the properties of the first.
func serveModems(t *testing.T, conn *dbus.Conn) *prop.Properties {
	t.Helper()
	values := map[string]*prop.Prop{
		"Name":     {Value: "LTE", Writable: true, Emit: prop.EmitFalse},
		"Strength": {Value: uint32(71), Emit: prop.EmitFalse},
		"Locked":   {Value: true, Writable: true, Emit: prop.EmitFalse},
		"Bands":    {Value: []string{"1", "20"}, Writable: true, Emit: prop.EmitFalse},
		"Owner":    {Value: dbus.ObjectPath("/org/example/Sim/1"), Emit: prop.EmitFalse},
		"Tries":    {Value: int16(-2), Writable: true, Emit: prop.EmitFalse},
		"Table":    {Value: map[string]string{"a": "b"}, Writable: true, Emit: prop.EmitFalse},
	}
	props, err := prop.Export(conn, "/org/example/Modem/0", prop.Map{modemIface: values})
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]dbus.Variant{}
	for name, p := range values {
		plain[name] = dbus.MakeVariant(p.Value)
	}
	managed := map[dbus.ObjectPath]map[string]map[string]dbus.Variant{
		"/org/example/Modem/1": {modemIface: {"Name": dbus.MakeVariant("5G")}},
		"/org/example/Modem/0": {modemIface: plain},
		"/org/example/Sim/1":   {"org.example.Sim": {}},
	}
	if err := conn.Export(manager{managed}, "/org/example", dbusManager); err != nil {
		t.Fatal(err)
	}
	reply, err := conn.RequestName("org.example", dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return props
}

type manager struct {
	objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant
}

func (m manager) GetManagedObjects() (map[dbus.ObjectPath]map[string]map[string]dbus.Variant, *dbus.Error) {
	return m.objects, nil
}

func TestDBus(t *testing.T) {
	rt := newRouter(t, nil)
	props := serveModems(t, startBus(t, rt.root))
	r := rt.begin(t)
	const modem = "dbus org.example /org/example/Modem/0 org.example.Modem "
	for name, want := range map[string]string{
		"Name": "LTE", "Strength": "71", "Locked": "1", "Bands": list("1", "20"), "Owner": "/org/example/Sim/1", "Tries": "-2", "Table": "", "Nothing": "",
	} {
		wantText(t, name, rt.get(t, r, modem+name, nil), want)
	}
	wantText(t, "an object that is not there", rt.get(t, r, "dbus org.example /org/nobody org.example.Modem Name", nil), "")
	wantText(t, "a name that is not there", rt.get(t, r, "dbus org.nobody /x org.example.Modem Name", nil), "")

	rows := rt.rows(t, r, "dbus org.example /org/example org.example.Modem", nil)
	wantList(t, "rows", keys(rows), "/org/example/Modem/0", "/org/example/Modem/1")
	for i := range rows {
		rows[i].Number = uint32(i + 1)
	}
	wantText(t, "of the row", rt.get(t, r, "dbus . org.example.Modem Name", &rows[1]), "5G")
	wantText(t, "of a row from elsewhere", rt.get(t, r, "dbus . org.example.Modem Name", &model.Row{Key: "x", Number: 1}), "")
	wantText(t, "by the key", rt.get(t, r, "dbus org.example /org/example/Modem/0 org.example.Modem Name", &rows[0]), "LTE")

	rt.set(t, r, modem+"Name", nil, "new")
	rt.set(t, r, modem+"Locked", nil, "0")
	rt.set(t, r, "dbus . org.example.Modem Bands", &rows[0], list("3"))
	rt.set(t, r, modem+"Tries", nil, "-5")
	wantText(t, "own write", rt.get(t, r, modem+"Name", nil), "new")
	wantText(t, "own write, by the row", rt.get(t, r, "dbus . org.example.Modem Name", &rows[0]), "new")
	if got := props.GetMust(modemIface, "Name"); got != "LTE" {
		t.Errorf("before the commit: %v", got)
	}
	for value, source := range map[string]string{"x": modem + "Tries", "70000": modem + "Tries", "y": modem + "Table", "z": modem + "Nothing"} {
		if err := r.Set(t.Context(), rt.expr(t, model.UseValue, source), nil, value); err == nil {
			t.Errorf("%s = %s is accepted", source, value)
		}
	}
	rt.commit(t, r)
	for name, want := range map[string]any{"Name": "new", "Locked": false, "Tries": int16(-5)} {
		if got := props.GetMust(modemIface, name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	wantText(t, "bands", rt.get(t, rt.begin(t), modem+"Bands", nil), list("3"))
}

func TestDBusWriteThatFailsIsRefused(t *testing.T) {
	rt := newRouter(t, nil)
	serveModems(t, startBus(t, rt.root))
	r := rt.begin(t)
	rt.set(t, r, "dbus org.example /org/example/Modem/0 org.example.Modem Strength", nil, "5") // read-only over there
	p, err := r.Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); reason(err) != model.Refused {
		t.Errorf("got %v, want Refused", err)
	}
}

func TestDBusComesBackAfterItsDaemonDied(t *testing.T) {
	rt := newRouter(t, nil)
	conn := startBus(t, rt.root)
	serveModems(t, conn)
	const source = "dbus org.example /org/example/Modem/0 org.example.Modem Name"
	wantText(t, "before", rt.get(t, rt.begin(t), source, nil), "LTE")
	rt.Close() // as a lost connection leaves it
	wantText(t, "after", rt.get(t, rt.begin(t), source, nil), "LTE")
}

func TestDBusIsStartedAgain(t *testing.T) {
	rt := newRouter(t, nil)
	conn, kill := startBusToKill(t, rt.root)
	serveModems(t, conn)
	const source = "dbus org.example /org/example/Modem/0 org.example.Modem Name"
	wantText(t, "before", rt.get(t, rt.begin(t), source, nil), "LTE")
	kill()
	serveModems(t, startBus(t, rt.root))
	wantText(t, "after", rt.get(t, rt.begin(t), source, nil), "LTE")
}

func TestNoDBusAtAll(t *testing.T) {
	rt := newRouter(t, nil)
	for range 2 {
		r := rt.begin(t)
		wantText(t, "value", rt.get(t, r, "dbus org.example /x org.example.Modem Name", nil), "")
		wantList(t, "rows", keys(rt.rows(t, r, "dbus org.example /x org.example.Modem", nil)))
	}
	if n := rt.log.count("WARN"); n != 0 {
		t.Errorf("a router without D-Bus is nothing to warn of: %q", rt.log.all)
	}
}

func TestDBusMembersAndAlternatives(t *testing.T) {
	rt := newRouter(t, nil)
	type pair struct{ A, B uint32 }
	row := &model.Row{Key: "/m", Number: 1, Data: &dbusRow{"org.m", "/m", map[string]map[string]dbus.Variant{"org.m": {
		"Lte":   dbus.MakeVariant(map[string]dbus.Variant{"rsrp": dbus.MakeVariant(-91.5), "odd": dbus.MakeVariant([]pair{{1, 2}})}),
		"Gsm":   dbus.MakeVariant(map[string]dbus.Variant{}),
		"Empty": dbus.MakeVariant(""),
		"Name":  dbus.MakeVariant("x"),
	}}}}
	r := rt.begin(t)
	for property, want := range map[string]string{
		"Lte.rsrp": "-91.5", "Lte": "", "Lte.rssi": "", "Gsm.rssi,Lte.rsrp": "-91.5", "Empty,Name": "x", "Name.x": "", "Nothing,Gsm.x": "", "Name,Lte.rsrp": "x", ",Name": "x", "Lte.": "",
	} {
		wantText(t, property, rt.get(t, r, "dbus . org.m "+property, row), want)
	}
	if err := r.Set(t.Context(), rt.expr(t, model.UseValue, "dbus . org.m Lte.rsrp"), row, "1"); err == nil {
		t.Error("a member of a dictionary can be set")
	}
	wantText(t, "no row", rt.get(t, r, "dbus . org.m Name", nil), "")
	if rows := rt.rows(t, r, "dbus . org.m Name org.item", row); len(rows) != 0 {
		t.Errorf("a property that is no list of paths gives %d rows", len(rows))
	}
}

// FuzzDBusProperty takes any property name apart, of properties that are there.
func FuzzDBusProperty(f *testing.F) {
	for _, text := range []string{"Lte.rsrp", "a,b.c", ",", "..", "Lte.,Lte"} {
		f.Add(text)
	}
	rt := New(Config{Root: f.TempDir()})
	row := &model.Row{Key: "/m", Number: 1, Data: &dbusRow{"org.m", "/m", map[string]map[string]dbus.Variant{"org.m": {
		"Lte": dbus.MakeVariant(map[string]dbus.Variant{"rsrp": dbus.MakeVariant(-91.5)}),
	}}}}
	f.Fuzz(func(t *testing.T, property string) {
		e := &dbusValue{iface: "org.m", property: property, relative: true}
		text, err := e.get(t.Context(), newReader(rt, nil), row)
		if err != nil || text != "" && text != "-91.5" {
			t.Errorf("%q: %q, %v", property, text, err)
		}
	})
}
