package source

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// ssdp is who advertises himself on the LAN by UPnP (UPnP Device Architecture 1.0 §1.1), while the option cpe.upnp_discovery
// is on. It listens and never says anything; what it has heard lasts as long as the daemon.
type ssdp struct {
	device string // that it listens on; of RunListeners, as conn
	conn   *os.File

	mu    sync.Mutex
	heard map[string]*advert // devices by UUID, services by USN
}

// An advert is the last that was heard of a device or a service.
type advert struct {
	kind  string // root, device or service
	until time.Time
	v     ubus.Value // the Data of its row
}

const maxAdverts = 128

// ssdpTable is Device.UPnP.Discovery.
var ssdpTable = []named{
	{"upnp.discovers", &Func{Need: func(_ context.Context, r *Reader, _ []string) bool { return discovers(r) }}},
	{"upnp.heard", &Func{Rows: advertRows}},
}

func discovers(r *Reader) bool { return yes(text(r.section("cwmp", "cpe"), "upnp_discovery"), false) }

// parseAdvert takes a NOTIFY apart: the fields of its head by their names in capitals, and the lease in seconds, 0 for a
// farewell. It is nil for what is none. Everything in it is a stranger's.
func parseAdvert(message string) (head map[string]string, lease int) {
	lines := strings.Split(message, "\r\n")
	head = map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		switch name = strings.ToUpper(name); name {
		case "USN", "NTS", "CACHE-CONTROL", "LOCATION", "SERVER":
			head[name] = strings.TrimSpace(value)
		}
	}
	if head["NTS"] == "ssdp:alive" {
		_, age, _ := strings.Cut(strings.ReplaceAll(head["CACHE-CONTROL"], " ", ""), "max-age=")
		age, _, _ = strings.Cut(age, ",")
		lease = atoi(age)
	}
	if lines[0] != "NOTIFY * HTTP/1.1" || lease <= 0 && head["NTS"] != "ssdp:byebye" || len(head["USN"]) > 256 || strings.Contains(message, "\x00") {
		return nil, 0
	}
	return head, lease
}

func isUUID(text string) bool {
	return len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' && isHex(strings.ReplaceAll(text, "-", ""))
}

// hear takes notice of a message. set is whether our clock can be believed.
func (s *ssdp) hear(message, from string, now time.Time, set bool) {
	head, lease := parseAdvert(message)
	usn := clean(head["USN"])
	uuid, of, _ := strings.Cut(usn, "::")
	uuid, named := strings.CutPrefix(uuid, "uuid:")
	if !named || !isUUID(uuid) {
		return
	}
	if set {
		head["last"] = strconv.FormatInt(now.Unix(), 10)
	}
	key, kind := uuid, "device"
	switch {
	case strings.Contains(of, ":service:"):
		key, kind = usn, "service"
	case of == "upnp:rootdevice":
		kind = "root"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.heard[key]
	for k, o := range s.heard {
		if k == key && lease == 0 || now.After(o.until) {
			delete(s.heard, k)
		}
	}
	if lease == 0 || old == nil && len(s.heard) >= maxAdverts {
		return
	}
	if old != nil && kind != "service" {
		if old.kind == "root" {
			kind = "root"
		}
		if was := old.v.Get("USN").Text(); strings.Contains(was, "::urn:") && !strings.Contains(of, "urn:") {
			usn = was // it says what the device is
		}
	}
	if s.heard == nil {
		s.heard = map[string]*advert{}
	}
	head["uuid"], head["USN"], head["from"], head["lease"] = uuid, usn, from, strconv.Itoa(lease)
	s.heard[key] = &advert{kind, now.Add(time.Duration(lease) * time.Second), ubus.Of(head)}
}

// advertRows is `rows call upnp.heard root`, device or service.
func advertRows(_ context.Context, r *Reader, _ *model.Row, args []string) (rows []model.Row, _ error) {
	s := &r.rt.ssdp
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for key, a := range s.heard {
		if a.kind == args[0] && now.Before(a.until) {
			rows = append(rows, model.Row{Key: key, Data: a.v})
		}
	}
	return rows, nil
}

// look listens on the device that the LAN has by now, or nowhere.
func (s *ssdp) look(ctx context.Context, rt *Router) {
	r, device := newReader(rt, nil), ""
	if discovers(r) && rt.cfg.Root == "/" { // a directory has no network
		device = deviceOfNetwork(r, firstOf(text(r.section("cwmp", "cpe"), "default_lan_interface"), "lan"))
	}
	index := atoi(strings.TrimSpace(string(r.File("/sys/class/net/" + device + "/ifindex"))))
	if device += " " + strconv.Itoa(index); device == s.device {
		return
	}
	if s.close(); index == 0 {
		return
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err == nil {
		s.device, s.conn = device, os.NewFile(uintptr(fd), "ssdp")
		err = hearGroup(fd, index)
	}
	if err != nil {
		rt.log.Warn("listen for UPnP", "device", device, "error", err)
		s.close()
		return
	}
	go s.serve(s.conn, rt)
}

func (s *ssdp) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	s.device, s.conn = "", nil
}

// hearGroup has a socket hear what is sent to SSDP's group on one device, and nothing else; others may do so too.
func hearGroup(fd, index int) error {
	group := [4]byte{239, 255, 255, 250}
	const multicastAll = 49 // of IPPROTO_IP: whatever anybody on this router has joined
	err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, multicastAll, 0)
	}
	if err == nil {
		err = syscall.SetsockoptIPMreqn(fd, syscall.IPPROTO_IP, syscall.IP_ADD_MEMBERSHIP, &syscall.IPMreqn{Multiaddr: group, Ifindex: int32(index)})
	}
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: 1900, Addr: group})
	}
	return err
}

// serve hears until the socket is closed.
func (s *ssdp) serve(conn *os.File, rt *Router) {
	raw, err := conn.SyscallConn()
	buf := make([]byte, 2048)
	for err == nil {
		var n int
		var from syscall.Sockaddr
		var failed error
		err = raw.Read(func(fd uintptr) bool {
			n, from, failed = syscall.Recvfrom(int(fd), buf, 0)
			return failed != syscall.EAGAIN
		})
		if v4, ok := from.(*syscall.SockaddrInet4); ok && err == nil && failed == nil {
			s.hear(string(buf[:n]), netip.AddrFrom4(v4.Addr).String(), time.Now(), rt.cfg.Box != nil && rt.cfg.Box.ClockSet())
		}
	}
}
