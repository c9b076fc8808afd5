package sandbox

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/ubus/ubustest"
	"github.com/cwmpd/cwmpd/internal/uci"
)

// Serve is the router's bus until ctx ends.
func (r *Router) Serve(ctx context.Context) error {
	if err := r.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	return r.Close()
}

// Start starts the bus; it answers once Start has returned.
func (r *Router) Start() error {
	bus, err := ubustest.New(r.Path("var/run/ubus/ubus.sock"))
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.bus, r.made = bus, map[string]bool{}
	r.mu.Unlock()
	r.boot()
	bus.OnLookup(func(string) { r.refresh() })
	return nil
}

// Close ends the bus.
func (r *Router) Close() error { return r.bus.Close() }

// Bus returns the bus, between Start and Close, so that tests can look at its calls.
func (r *Router) Bus() *ubustest.Bus { return r.bus }

// A maker answers where reciting a file is not enough. base is what the files say, absent when they say nothing.
type maker func(r *Router, base, args ubus.Value) (ubus.Value, int)

// makersOf returns them by OBJECT.METHOD.
func makersOf() map[string]maker {
	return map[string]maker{
		"network.interface.dump":   (*Router).interfaceDump,
		"network.interface.status": (*Router).interfaceStatus,
		"network.wireless.status":  (*Router).wirelessStatus,
		"network.device.status":    (*Router).deviceStatus,
		"network.reload":           (*Router).networkReload,
		"service.list":             (*Router).serviceList,
		"service.event":            (*Router).serviceEvent,
		"service.set":              (*Router).serviceSet,
		"service.get_data":         (*Router).serviceData,
		"system.board":             (*Router).systemBoard,
		"system.info":              (*Router).systemInfo,
		"system.reboot":            (*Router).systemReboot,
		"log.read":                 (*Router).logRead,
		"iwinfo.info":              (*Router).iwinfoInfo,
	}
}

// answer is the Method of one object.
func (r *Router) answer(object, method string) ubustest.Method {
	return func(args ubus.Value) (ubus.Value, int) {
		r.refresh()
		v, code := r.recite(object, method, args)
		if makes := r.makers[object+"."+method]; makes != nil {
			if code != ubus.StatusOK {
				v = ubus.Value{}
			}
			return makes(r, v, args)
		}
		return v, code
	}
}

// refresh notices a boot, which may have been a script's doing, and answers that were added.
func (r *Router) refresh() {
	if id := r.text(bootIDFile); id != r.lastBoot() {
		r.boot()
		return
	}
	r.publish()
}

func (r *Router) lastBoot() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bootID
}

// text returns a file of the router, trimmed, "" when there is none.
func (r *Router) text(name string) string {
	data, err := os.ReadFile(r.Path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Log.Error("read", "err", err)
	}
	return strings.TrimSpace(string(data))
}

// boot has the daemons read their configuration, all of it.
func (r *Router) boot() {
	id := r.text(bootIDFile)
	r.mu.Lock()
	r.bootID, r.applied, r.services = id, map[string]*uci.Package{}, map[string]ubus.Value{}
	r.mu.Unlock()
	names, err := r.uci.Packages()
	if err != nil {
		r.Log.Error("list the configuration", "err", err)
	}
	r.reload(names...)
	r.publish()
}

// reload has the daemons read these packages.
func (r *Router) reload(packages ...string) {
	for _, name := range packages {
		p, err := r.uci.Load(name)
		if err != nil {
			r.Log.Error("reload", "package", name, "err", err)
			continue // a daemon that cannot read its configuration keeps the one it has
		}
		r.mu.Lock()
		r.applied[name] = p
		r.mu.Unlock()
	}
}

// config returns a package as the daemons know it, empty when they know none.
func (r *Router) config(name string) *uci.Package {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.applied[name]; p != nil {
		return p
	}
	return &uci.Package{Name: name}
}

// publish makes the bus carry the objects that files and configuration ask for, and only them.
func (r *Router) publish() {
	want := map[string]map[string]bool{}
	add := func(object, method string) {
		if want[object] == nil {
			want[object] = map[string]bool{}
		}
		want[object][method] = true
	}
	for _, q := range r.questions() {
		add(q.object, q.method)
	}
	for name := range r.makers {
		dot := strings.LastIndexByte(name, '.')
		add(name[:dot], name[dot+1:])
	}
	r.wantInterfaces(want, add)
	r.wantHostapd(want, add)

	r.mu.Lock()
	defer r.mu.Unlock()
	for object := range r.made {
		if want[object] == nil {
			r.bus.Remove(object)
			delete(r.made, object)
		}
	}
	for _, object := range slices.Sorted(maps.Keys(want)) {
		if r.made[object] {
			continue
		}
		methods := map[string]ubustest.Method{}
		for method := range want[object] {
			methods[method] = r.methodOf(object, method)
		}
		r.bus.Object(object, methods)
		r.made[object] = true
	}
}

// methodOf finds who answers a method of an object.
func (r *Router) methodOf(object, method string) ubustest.Method {
	if name, ok := strings.CutPrefix(object, "network.interface."); ok && method == "status" {
		return r.oneInterface(name)
	} else if ok && slices.Contains(interfaceOrders, method) {
		return r.obey(object, method)
	}
	if ifname, ok := strings.CutPrefix(object, "hostapd."); ok {
		return r.hostapd(ifname, method)
	}
	return r.answer(object, method)
}
