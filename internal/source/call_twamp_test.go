package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
)

// A reflector follows the addresses of its interface, and ends with the daemon.
func TestReflectorFollowsItsInterface(t *testing.T) {
	var bus *ubustest.Bus
	rt := newRouter(t, nil, withBus(t, &bus))
	var dump atomic.Value
	bus.Object("network.interface", methods{"dump": func(ubus.Value) (ubus.Value, int) {
		v, err := ubus.FromJSON([]byte(dump.Load().(string)))
		if err != nil {
			t.Error(err)
		}
		return v, ubus.StatusOK
	}})
	none, loopback := `{"interface":[{"interface":"x"}]}`, `{"interface":[{"interface":"x","ipv4-address":[{"address":"127.0.0.1"},{"address":"no"}]}]}`
	row := &model.Row{Key: "1"}
	name := "Device.IP.Interface. x" + rowSep + reflectorTable + " 1"
	s := &rt.reflectors
	status := func(answer, want string) {
		t.Helper()
		dump.Store(answer)
		s.mu.Lock()
		s.look(t.Context(), rt.Router)
		got := s.active[name]
		s.mu.Unlock()
		if (want == "Active") != got {
			t.Errorf("%v, want %s", got, want)
		}
	}
	r := rt.begin(t)
	for i, port := range []string{"18621", "18622", "18623"} {
		name := strings.TrimSuffix(name, "1") + strconv.Itoa(i+1)
		r.stateSet(name, "port", port)
		r.stateSet(name, "enable", "1")
		r.stateSet(name, "ttl", "64")
	}
	rt.commit(t, r)
	wantText(t, "nobody runs", rt.get(t, rt.begin(t), "call twamp.status", row), "Disabled")

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	dump.Store(none)
	s.runs = true // as it will be in a moment
	go func() { ended <- rt.RunListeners(ctx) }()
	status(none, "Error")
	status(loopback, "Active")
	first := slices.Clone(s.open)
	for range 20 { // the rows come in any order
		status(loopback, "Active")
	}
	if len(first) != 3 || !slices.Equal(s.open, first) {
		t.Errorf("%d are open, and were opened anew without need", len(first))
	}
	status(none, "Error")
	status(loopback, "Active")
	stop()
	if err := <-ended; err != nil || len(s.open) > 0 {
		t.Errorf("%v, %d are open", err, len(s.open))
	}
}

func TestReflectorsOfARow(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"an address":   {"addresses": joinList([]string{"192.0.2.1", "x"})},
		"a port":       {"ports": joinList([]string{"70000"})},
		"both of them": {"addresses": joinList([]string{"192.0.2.1/33"}), "ports": joinList([]string{"-1"})},
	} {
		if c, err := reflector(set); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c, err := reflector(nil); err != nil || c.MaxTTL != 1 || c.Addresses != nil || c.Ports != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
