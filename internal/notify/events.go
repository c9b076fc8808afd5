package notify

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// mute reports whether changes of a parameter go by without an event that we hear.
func (w *Watcher) mute(def *model.Def, deaf bool) bool {
	if def.Notify == model.NotifyForced || def.Notify == model.NotifyDefault {
		return false // its owner pokes us
	}
	words := strings.Fields(def.Source)
	if len(words) == 0 {
		return true // a number of rows, wherever they come from
	}
	switch words[0] {
	case "const", "state", "none": // what the agent sets itself
		return false
	case "uci":
		return deaf
	case "call":
		return deaf || !strings.HasPrefix(def.Source, "call mgmt.") // of our own file
	case "ubus":
		return w.cfg.Ubus == nil || len(words) < 3 || !tells(words[1], words[2])
	default:
		return true
	}
}

// unknown reports whether what was read of a parameter says nothing, since ubusd was not there to be asked: the empty value that
// stands for it would be a change of everything.
func (w *Watcher) unknown(def *model.Def) bool {
	if w.cfg.Ubus == nil || def.Notify == model.NotifyForced || def.Notify == model.NotifyDefault {
		return false
	}
	verb, _, _ := strings.Cut(def.Source, " ")
	return (verb == "ubus" || verb == "call" || verb == "") && !w.cfg.Ubus.Connected()
}

// tells reports whether an object of ubus tells its subscribers when what a method returns has changed.
func tells(object, method string) bool {
	return strings.HasPrefix(object, "network.interface") && (method == "status" || method == "dump") ||
		strings.HasPrefix(object, "hostapd.") && method == "get_clients"
}

// listenUbus hears of everything that may change a value: interfaces that come, go and get addresses, and objects of
// netifd and hostapd themselves.
func (w *Watcher) listenUbus() {
	if w.cfg.Ubus == nil {
		return
	}
	listen := func(pattern string, fn func(string, ubus.Value)) {
		if err := w.cfg.Ubus.Listen(pattern, fn); err != nil {
			w.log.Warn("no events from ubus", "event", pattern, "err", err)
		}
	}
	listen("network.interface", func(string, ubus.Value) { w.Poke() })
	for _, event := range []string{"ubus.object.add", "ubus.object.remove"} {
		listen(event, func(_ string, data ubus.Value) {
			if path := data.Get("path").Text(); strings.HasPrefix(path, "network.interface") || strings.HasPrefix(path, "hostapd.") {
				w.Poke()
			}
		})
	}
	if err := w.cfg.Ubus.Subscribe("network.interface", func(string, ubus.Value) { w.Poke() }); err != nil {
		w.log.Warn("no notifications from netifd", "err", err)
	}
}

// listenHostapd hears of stations that come and go. It is asked for only when somebody wants to know: hostapd tells its
// subscribers of every probe request in the neighbourhood as well.
func (w *Watcher) listenHostapd() {
	w.mu.Lock()
	already := w.hostapd
	w.hostapd = true
	w.mu.Unlock()
	if already || w.cfg.Ubus == nil {
		return
	}
	err := w.cfg.Ubus.Subscribe("hostapd.*", func(typ string, _ ubus.Value) {
		if typ != "probe" {
			w.Poke()
		}
	})
	if err != nil {
		w.log.Warn("no notifications from hostapd", "err", err)
	}
}

// wireless reports whether a parameter depends on hostapd.
func wireless(def *model.Def) bool {
	return strings.Contains(def.Source, "hostapd") || strings.HasPrefix(def.Source, "call wifi.")
}

// listenUCI hears of files of UCI. Without inotify there is the ticker.
func (w *Watcher) listenUCI(ctx context.Context) {
	changed := func() {
		if w.cfg.OnFiles != nil {
			w.cfg.OnFiles()
		}
		w.Poke()
	}
	if err := watchDirs(ctx, w.cfg.UCIDirs, changed); err != nil {
		w.log.Warn("changes of UCI files are found by looking", "err", err)
		w.mu.Lock()
		w.deaf = true
		w.mu.Unlock()
		w.Poke()
	}
}
