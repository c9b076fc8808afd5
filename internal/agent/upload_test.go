package agent

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/icholy/digest"

	"github.com/cwmpd/cwmpd/datamodel"
	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// A dropbox takes what is PUT to it; the path /403 and its like are answered with that status.
type dropbox struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]string
}

func newDropbox(t *testing.T) *dropbox {
	t.Helper()
	d := &dropbox{got: map[string]string{}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if status := map[string]int{"/403": 403, "/500": 500}[r.URL.Path]; status != 0 {
			w.WriteHeader(status)
			return
		}
		if r.URL.Path == "/digest" {
			if c, err := digest.ParseCredentials(r.Header.Get("Authorization")); err != nil || c.Username != "up" {
				w.Header().Set("WWW-Authenticate", `Digest realm="drop", nonce="n", qop="auth", algorithm=MD5`)
				w.WriteHeader(401)
				return
			}
		}
		if r.Method != http.MethodPut || err != nil || int64(len(data)) != r.ContentLength {
			t.Errorf("%s %s with %d of %d bytes, %v", r.Method, r.URL.Path, len(data), r.ContentLength, err)
		}
		d.mu.Lock()
		d.got[r.URL.Path] = string(data)
		d.mu.Unlock()
		w.WriteHeader(201)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *dropbox) take(path string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.got[path]
}

// upload orders uploads in one session, waits for their ends, and returns the fault codes by URL.
func (s *stage) upload(wanted ...cwmptest.DownloadArgs) map[string]string {
	s.t.Helper()
	urls, ends := map[string]string{}, map[string]string{}
	var calls []cwmptest.Call
	for i, w := range wanted {
		w.CommandKey, w.Username, w.Password = strconv.Itoa(i), "up", "acs-secret"
		urls[w.CommandKey] = w.URL
		calls = append(calls, cwmptest.Upload(w))
	}
	for i, m := range s.ask(calls...) {
		if m.Name != "UploadResponse" || m.Text("Status") != "1" {
			s.t.Fatalf("%s: %s", calls[i], m.Body)
		}
	}
	if events := s.inform().Events(); len(events) < 2 || events[0] != "7 TRANSFER COMPLETE" || !strings.HasPrefix(events[1], "M Upload ") {
		s.t.Errorf("events %q", events)
	}
	for len(ends) < len(calls) {
		m := s.wait("TransferComplete")
		ends[urls[m.Text("CommandKey")]] = m.Text("FaultCode")
	}
	s.settle()
	return ends
}

// Covers: §3.8.
func TestT268_Upload(t *testing.T) {
	t.Parallel()
	s := newStage(t, map[string]string{
		"etc/config/system": "config system\n\toption timezone 'CET-1CEST,M3.5.0,M10.5.0/3'\n\toption log_file '/tmp/system.log'\n",
		"tmp/system.log":    "what was logged\n",
	})
	drop := newDropbox(t)
	s.begin()
	names := s.get("Device.DeviceInfo.VendorConfigFile.", "Device.DeviceInfo.VendorLogFile.")
	number := func(name string) string {
		for path, value := range names {
			if value == name && strings.HasSuffix(path, ".Name") {
				parts := strings.Split(path, ".")
				return parts[len(parts)-2]
			}
		}
		t.Fatalf("no row %q in %v", name, names)
		return ""
	}
	if number("all") != "1" {
		t.Errorf("row 1 is not the backup: %v", names)
	}

	refuses, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses.Close()
	const config, log = "3 Vendor Configuration File ", "4 Vendor Log File "
	ends := s.upload([]cwmptest.DownloadArgs{
		{FileType: config + number("/etc/config/system"), URL: drop.URL + "/system"},
		{FileType: config + "1", URL: drop.URL + "/backup"},
		{FileType: "1 Vendor Configuration File", URL: drop.URL + "/backup-too"},
		{FileType: log + number("syslog"), URL: drop.URL + "/log"},
		{FileType: "2 Vendor Log File", URL: drop.URL + "/log-too"},
		{FileType: log + number("/tmp/system.log"), URL: drop.URL + "/digest"},
		{FileType: "2 Vendor Log File", URL: drop.URL + "/403"}, // T-269
		{FileType: "2 Vendor Log File", URL: drop.URL + "/500"},
		{FileType: "2 Vendor Log File", URL: "http://" + refuses.Addr().String() + "/"},
	}...)
	for url, end := range ends {
		want := map[string]string{drop.URL + "/403": "9012", drop.URL + "/500": "9011", "http://" + refuses.Addr().String() + "/": "9015"}[url]
		if end != cmp.Or(want, "0") {
			t.Errorf("%s ended with %s, want %s", url, end, cmp.Or(want, "0"))
		}
	}
	if got, want := drop.take("/system"), "package system\n"+s.read("etc/config/system"); !slices.Equal(strings.Fields(got), strings.Fields(want)) {
		t.Errorf("the package came as %q, want %q", got, want)
	}
	for _, name := range []string{"/backup", "/backup-too"} {
		if files := archived(t, drop.take(name)); !slices.Contains(files, "etc/config/network") {
			t.Errorf("%s holds %q", name, files)
		}
	}
	for _, name := range []string{"/log", "/log-too"} {
		lines := strings.Split(drop.take(name), "\n")
		if len(lines) < 2 || !strings.Contains(lines[0], " kern.notice kernel: Linux version") || !strings.Contains(lines[1], " daemon.info procd: - init complete -") {
			t.Errorf("%s: %q", name, lines)
		}
	}
	if got := drop.take("/digest"); got != "what was logged\n" {
		t.Errorf("the log came as %q", got)
	}
	if left, _ := filepath.Glob(s.router.Path("tmp/cwmpd-*/*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}

	wrong := []string{
		config + "999", strings.TrimSpace(config), config + "01", config + "1.Name", log + "0", log + "-1", "2 Vendor Log File 1", "1 Firmware Upgrade Image", "",
	}
	var calls []cwmptest.Call
	for _, fileType := range wrong {
		calls = append(calls, cwmptest.Upload(cwmptest.DownloadArgs{FileType: fileType, URL: drop.URL + "/no"}))
	}
	calls = append(calls, cwmptest.Upload(cwmptest.DownloadArgs{FileType: "2 Vendor Log File", URL: "ftp://192.0.2.1/no"}))
	for i, m := range s.ask(calls...) {
		if want := map[bool]int{true: 9003, false: 9013}[i < len(wrong)]; m.FaultCode() != want {
			t.Errorf("%s: %s, want %d", calls[i], m.Body, want)
		}
	}
}

// archived lists the files of a backup.
func archived(t *testing.T, data string) (files []string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader([]byte(data)))
	if err != nil {
		t.Fatal(err)
	}
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, h.Name)
	}
}

// §3.8: the secrets of a configuration go by https only, unless the owner allows it or the ACS is in the house.
func TestSecretsGoByHTTPSOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		acs, option, url, fileType string
		want                       error
	}{
		{"https://acs.example/", "", "http://files.example/x", "3 Vendor Configuration File 1", transfer.ErrScheme},
		{"https://acs.example/", "", "http://files.example/x", "1 Vendor Configuration File", transfer.ErrScheme},
		{"https://acs.example/", "", "https://files.example/x", "3 Vendor Configuration File 1", nil},
		{"https://acs.example/", "", "HTTPS://files.example/x", "3 Vendor Configuration File 1", nil},
		{"https://acs.example/", "1", "http://files.example/x", "3 Vendor Configuration File 1", nil},
		{"http://127.0.0.1/", "", "http://files.example/x", "3 Vendor Configuration File 1", nil},
		{"https://acs.example/", "", "http://files.example/x", "4 Vendor Log File 1", nil},
	} {
		router := newRouter(t)
		s := &stage{t: t, router: router}
		s.write("etc/config/cwmp", "config acs 'acs'\n\toption url '"+tt.acs+"'\nconfig cpe 'cpe'\n\toption allow_plain_uploads '"+tt.option+"'\n")
		p, err := Open(t.Context(), Options{Root: router.Dir, Files: datamodel.Files, Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.offersUpload(transfer.Request{Kind: transfer.Upload, FileType: tt.fileType, URL: tt.url}); !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) {
			t.Errorf("%+v: %v", tt, err)
		}
		p.Close()
	}
}
