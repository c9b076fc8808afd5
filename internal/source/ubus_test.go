package source

import (
	"context"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

// answers makes a method that gives one JSON text.
func answers(t *testing.T, text string) func(ubus.Value) (ubus.Value, int) {
	t.Helper()
	v, err := ubus.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return func(ubus.Value) (ubus.Value, int) { return v, ubus.StatusOK }
}

type methods = map[string]func(ubus.Value) (ubus.Value, int)

func busRouter(t *testing.T, files map[string]string) (*router, *ubustest.Bus) {
	t.Helper()
	var bus *ubustest.Bus
	rt := newRouter(t, files, withBus(t, &bus))
	bus.Object("system", methods{"board": answers(t, `{"model":"GL","release":{"version":"24.10.2"},"big":5000000000,"neg":-3,"f":1.5,"yes":true,"no":false,"nul":null}`)})
	bus.Object("network.interface", methods{"dump": answers(t, `{"interface":[
		{"interface":"lan","up":true,"dns-server":[],"ipv4-address":[{"address":"192.168.1.1","mask":24}]},
		{"interface":"wan","up":true,"dns-server":["9.9.9.9","1.1.1.1"],"ipv4-address":[{"address":"203.0.113.9","mask":22},{"address":"203.0.113.10","mask":22}]},
		{"interface":"wan6","up":false}]}`)})
	bus.Object("network.wireless", methods{"status": answers(t, `{"radio0":{"up":true,"interfaces":[{"section":"default_radio0","ifname":"phy0-ap0"},{"section":"guest","ifname":"phy0-ap1"}]},"radio1":{"up":false,"interfaces":[]}}`)})
	return rt, bus
}

func calls(bus *ubustest.Bus, method string) int {
	n := 0
	for _, c := range bus.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

func TestUbusValues(t *testing.T) {
	rt, bus := busRouter(t, map[string]string{"etc/config/wireless": "config wifi-iface 'guest'\n\toption device 'radio0'\n"})
	r := rt.begin(t)
	cases := []struct{ source, want string }{
		{"ubus system board {} .model", "GL"},
		{"ubus system board {} .release.version", "24.10.2"},
		{"ubus system board {} .big", "5000000000"},
		{"ubus system board {} .neg", "-3"},
		{"ubus system board {} .f", "1.5"},
		{"ubus system board {} .yes", "1"},
		{"ubus system board {} .no", "0"},
		{"ubus system board {} .nul", ""},
		{"ubus system board {} .release", ""},
		{"ubus system board {} .nothing.at.all", ""},
		{"ubus system board {}", ""},
		{"ubus network.interface dump {} .interface[interface=wan].dns-server", list("9.9.9.9", "1.1.1.1")},
		{"ubus network.interface dump {} .interface[interface=lan].dns-server", ""},
		{"ubus network.interface dump {} .interface[interface=wan].dns-server[1]", "1.1.1.1"},
		{"ubus network.interface dump {} .interface[interface=wan].dns-server[2]", ""},
		{"ubus network.interface dump {} .interface[interface=wan].ipv4-address.*.address", list("203.0.113.9", "203.0.113.10")},
		{"ubus network.interface dump {} .interface[up=false].interface", "wan6"},
		{"ubus network.interface dump {} .interface[interface=nothing].up", ""},
		{"ubus network.interface dump {} .interface[1].interface", "wan"},
		{"ubus network.interface dump {} .*.*.interface", list("lan", "wan", "wan6")},
		{"ubus nobody here {} .x", ""},
		{"ubus system nothing {} .x", ""},
	}
	for _, c := range cases {
		wantText(t, c.source, rt.get(t, r, c.source, nil), c.want)
	}
	row := &model.Row{Key: "guest", Package: "wireless", Section: "guest", Number: 1}
	wantText(t, "a step from an option", rt.get(t, r, "ubus network.wireless status {} .{.device}.interfaces[ifname=phy0-ap1].section", row), "guest")
	for _, method := range []string{"board", "dump", "status"} {
		if n := calls(bus, method); n != 1 {
			t.Errorf("%s was called %d times, want once", method, n)
		}
	}
}

func TestUbusRows(t *testing.T) {
	rt, _ := busRouter(t, nil)
	r := rt.begin(t)
	wantList(t, "members", keys(rt.rows(t, r, "ubus network.wireless status {} .*", nil)), "radio0", "radio1")
	wantList(t, "elements by a field", keys(rt.rows(t, r, "ubus network.interface dump {} .interface key=interface", nil)), "lan", "wan", "wan6")
	wantList(t, "elements that match", keys(rt.rows(t, r, "ubus network.interface dump {} .interface[up=true] key=interface", nil)), "lan", "wan")
	wantList(t, "scalars", keys(rt.rows(t, r, "ubus network.interface dump {} .interface[interface=wan].dns-server", nil)), "9.9.9.9", "1.1.1.1")
	wantList(t, "nested", keys(rt.rows(t, r, "ubus network.wireless status {} .*.interfaces key=section", nil)), "default_radio0", "guest")
	wantList(t, "elements without the field", keys(rt.rows(t, r, "ubus network.interface dump {} .interface key=nothing", nil)))
	wantList(t, "nobody", keys(rt.rows(t, r, "ubus nobody here {} .*", nil)))

	wan := rt.rows(t, r, "ubus network.interface dump {} .interface[interface=wan] key=interface", nil)[0]
	wan.Number = 1
	wantText(t, "field of the row", rt.get(t, r, "ubus .ipv4-address[0].mask", &wan), "22")
	wantList(t, "rows below the row", keys(rt.rows(t, r, "ubus .ipv4-address key=address", &wan)), "203.0.113.9", "203.0.113.10")
	wantText(t, "field of a row without an answer", rt.get(t, r, "ubus .up", &model.Row{Key: "x", Number: 1}), "")
}

func TestUbusArgumentsCannotBeForged(t *testing.T) {
	rt, bus := busRouter(t, map[string]string{"etc/config/network": "config device 'd'\n\toption name 'wan\",\"x\":\"y'\nconfig device 'e'\n\toption other 'x'\n"})
	bus.Object("network.device", methods{"status": answers(t, `{"up":true}`)})
	r := rt.begin(t)
	const source = `ubus network.device status {"name":"{.name}"} .up`
	wantText(t, "quotes in a name", rt.get(t, r, source, &model.Row{Package: "network", Section: "d", Number: 1}), "1")
	wantText(t, "no name, no question", rt.get(t, r, source, &model.Row{Package: "network", Section: "e", Number: 2}), "")
	var asked []string
	for _, c := range bus.Calls() {
		asked = append(asked, c.Args.Get("name").Text()+"|"+c.Args.Get("x").Text())
	}
	wantList(t, "asked", asked, `wan","x":"y|`)
}

func TestUbusFailuresAreAskedAndLoggedOnce(t *testing.T) {
	rt, bus := busRouter(t, nil)
	bus.Object("broken", methods{"get": func(ubus.Value) (ubus.Value, int) { return ubus.Value{}, ubus.StatusUnknownError }})
	for range 3 {
		r := rt.begin(t)
		rt.get(t, r, "ubus broken get {} .a", nil)
		rt.get(t, r, "ubus broken get {} .b", nil)
	}
	if n := calls(bus, "get"); n != 3 {
		t.Errorf("asked %d times in three transactions, want 3", n)
	}
	if n := rt.log.count("object=broken"); n != 1 {
		t.Errorf("%d log lines, want 1: %q", n, rt.log.all)
	}
}

func TestUbusObjectThatHangsIsLeftAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("waits as long as a method may take")
	}
	rt, bus := busRouter(t, nil)
	free := make(chan struct{})
	t.Cleanup(func() { close(free) })
	hang := func(ubus.Value) (ubus.Value, int) { <-free; return ubus.Value{}, ubus.StatusOK }
	bus.Object("stuck", methods{"a": hang, "b": hang})
	r := rt.begin(t)
	start := time.Now()
	for _, source := range []string{"ubus stuck a {} .x", "ubus stuck b {} .x", `ubus stuck a {"n":1} .x`} {
		wantText(t, source, rt.get(t, r, source, nil), "")
	}
	if took := time.Since(start); took > ubusPatience+time.Second {
		t.Errorf("three questions took %v, want about %v", took, ubusPatience)
	}
	wantText(t, "others still answer", rt.get(t, r, "ubus system board {} .model", nil), "GL")
}

func TestNoBusAtAll(t *testing.T) {
	rt := newRouter(t, nil)
	r := rt.begin(t)
	wantText(t, "value", rt.get(t, r, "ubus system board {} .model", nil), "")
	wantList(t, "rows", keys(rt.rows(t, r, "ubus system board {} .*", nil)))
	if v := r.Ubus(context.Background(), "system", "board", ubus.Value{}); v.Exists() {
		t.Error("a value from nowhere")
	}
}

func TestUbusRowFieldAllocatesOnce(t *testing.T) {
	rt, _ := busRouter(t, nil)
	r := rt.begin(t)
	wan := rt.rows(t, r, "ubus network.interface dump {} .interface[interface=wan] key=interface", nil)[0]
	wan.Number = 1
	for source, most := range map[string]float64{"ubus .interface": 1, "ubus .up": 0, "ubus system board {} .release.version": 1} {
		e := rt.expr(t, model.UseValue, source)
		if n := testing.AllocsPerRun(100, func() { _, _ = r.Get(t.Context(), e, &wan) }); n > most {
			t.Errorf("%s allocates %v times, want at most %v", source, n, most)
		}
	}
}

func FuzzUbusPath(f *testing.F) {
	for _, s := range []string{".", ".a.b[3][k=v].*", ".{.device}.interfaces[section={section}].ifname", "[[]]", ".a{", "[k={x}]"} {
		f.Add(s)
	}
	v := ubus.Table("a", ubus.Table("b", []any{1, "x", ubus.Table("k", "v")}))
	f.Fuzz(func(t *testing.T, text string) {
		steps, err := parsePath(text)
		if err != nil {
			return
		}
		r := &Reader{}
		row := &model.Row{}
		one(r, row, v, steps)
		every(r, row, v, steps, "", func(string, ubus.Value) {})
	})
}
