package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Objects are what a service has on D-Bus: the properties of each interface of each object.
type Objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant

// DBusNames lists the services of the router that have a file in dbus/.
func (r *Router) DBusNames() []string {
	files, _ := filepath.Glob(r.Path("dbus/*.txt"))
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".txt")
	}
	return files
}

// DBusObjects reads dbus/NAME.txt: an object's path, indented an interface, indented more properties and their values as
// GVariant writes them, save arrays of pairs: @a(su) wwan0 2, ttyUSB2 3.
func (r *Router) DBusObjects(name string) (Objects, error) {
	text, err := os.ReadFile(r.Path("dbus/" + name + ".txt"))
	if err != nil {
		return nil, err
	}
	all := Objects{}
	var path dbus.ObjectPath
	var iface string
	for line := range strings.Lines(string(text)) {
		words := strings.TrimSpace(line)
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case words == "" || words[0] == '#':
		case indent == 0:
			path = dbus.ObjectPath(words)
			all[path] = map[string]map[string]dbus.Variant{}
		case indent == 2 && all[path] != nil:
			iface = words
			all[path][iface] = map[string]dbus.Variant{}
		default:
			property, value, _ := strings.Cut(words, " ")
			v, err := variantOf(value)
			if err != nil || all[path][iface] == nil {
				return nil, fmt.Errorf("dbus/%s.txt: %s: %w", name, words, err)
			}
			all[path][iface][property] = v
		}
	}
	return all, nil
}

func variantOf(text string) (dbus.Variant, error) {
	switch typ, list, _ := strings.Cut(text, " "); typ {
	case "@a(uu)":
		var pairs []struct{ A, B uint32 }
		for pair := range strings.SplitSeq(list, ",") {
			var p struct{ A, B uint32 }
			if _, err := fmt.Sscan(pair, &p.A, &p.B); err != nil {
				return dbus.Variant{}, err
			}
			pairs = append(pairs, p)
		}
		return dbus.MakeVariant(pairs), nil
	case "@a(su)":
		var pairs []struct {
			A string
			B uint32
		}
		for pair := range strings.SplitSeq(list, ",") {
			var p struct {
				A string
				B uint32
			}
			if _, err := fmt.Sscan(pair, &p.A, &p.B); err != nil {
				return dbus.Variant{}, err
			}
			pairs = append(pairs, p)
		}
		return dbus.MakeVariant(pairs), nil
	}
	return dbus.ParseVariant(text, dbus.Signature{})
}

const dbusConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
  </policy>
</busconfig>
`

// StartDBus runs a dbus-daemon where the router in root has its system bus. It returns the bus's address and what ends the
// daemon. An error that is exec.ErrNotFound says that there is none on this machine.
func StartDBus(root string) (address string, stop func(), err error) {
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		return "", nil, err
	}
	dir := filepath.Join(root, "var/run/dbus")
	socket := filepath.Join(dir, "system_bus_socket")
	conf := filepath.Join(dir, "bus.conf")
	err = errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(conf, []byte(strings.Replace(dbusConfig, "SOCKET", socket, 1)), 0o644))
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(daemon, "--config-file="+conf, "--nofork", "--nopidfile", "--print-address=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = os.Remove(socket) }) // later there may be another
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		stop()
		return "", nil, fmt.Errorf("dbus-daemon does not start: %w", err)
	}
	return "unix:path=" + socket, stop, nil
}

// PlayDBus answers for every service in dbus/ on the bus at address, until the connection is closed. It reads the files
// again for each question: edit one and the next gets it.
func (r *Router) PlayDBus(address string) (*dbus.Conn, error) {
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, err
	}
	for _, name := range r.DBusNames() {
		objects, err := r.DBusObjects(name)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		s := service{r, name, ""}
		err = conn.Export(s, dbus.ObjectPath("/"+strings.ReplaceAll(name, ".", "/")), "org.freedesktop.DBus.ObjectManager")
		for path := range objects {
			err = errors.Join(err, conn.Export(service{r, name, path}, path, "org.freedesktop.DBus.Properties"))
		}
		if _, failed := conn.RequestName(name, dbus.NameFlagDoNotQueue); failed != nil || err != nil {
			return nil, errors.Join(err, failed, conn.Close())
		}
	}
	return conn, nil
}

// A service is one name on the bus, or one of its objects.
type service struct {
	router *Router
	name   string
	path   dbus.ObjectPath
}

var unknownObject = &dbus.Error{Name: "org.freedesktop.DBus.Error.UnknownObject"}

// GetManagedObjects is of org.freedesktop.DBus.ObjectManager.
func (s service) GetManagedObjects() (Objects, *dbus.Error) {
	all, err := s.router.DBusObjects(s.name)
	if err != nil {
		return nil, dbus.MakeFailedError(err)
	}
	return all, nil
}

// GetAll is of org.freedesktop.DBus.Properties.
func (s service) GetAll(iface string) (map[string]dbus.Variant, *dbus.Error) {
	all, err := s.router.DBusObjects(s.name)
	if err != nil || all[s.path] == nil {
		return nil, unknownObject
	}
	return all[s.path][iface], nil
}
