package agent

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/transfer"
	"github.com/cwmpd/cwmpd/internal/ubus"
	"github.com/cwmpd/cwmpd/internal/web"
)

// The tables that the file types of an Upload count in, and the names in them that stand for all there is: the types of the
// first edition of TR-069, without a number, mean those.
const (
	configFiles = "Device.DeviceInfo.VendorConfigFile."
	logFiles    = "Device.DeviceInfo.VendorLogFile."

	everything = "all"
	systemLog  = "syslog"
)

// uploadTypes are the file types of an Upload (3.8); those that end with a blank go on with an instance number.
var uploadTypes = []struct{ prefix, table, name string }{
	{"1 Vendor Configuration File", configFiles, everything},
	{"2 Vendor Log File", logFiles, systemLog},
	{"3 Vendor Configuration File ", configFiles, ""},
	{"4 Vendor Log File ", logFiles, ""},
}

// uploadOf finds what a file type names: the table and the Name of its row. An error wraps transfer.ErrFileType.
func (p *Parts) uploadOf(ctx context.Context, fileType string) (table, name string, err error) {
	for _, t := range uploadTypes {
		number, ok := strings.CutPrefix(fileType, t.prefix)
		switch {
		case !ok:
			continue
		case t.name != "" && number == "":
			return t.table, t.name, nil
		case t.name == "" && number != "" && strings.Trim(number, "0123456789") == "" && number[0] != '0':
			name, err := p.readValue(ctx, t.table+number+".Name")
			if err != nil || name == "" {
				return "", "", fmt.Errorf("%w: there is no number %.10s", transfer.ErrFileType, number)
			}
			return t.table, name, nil
		}
	}
	return "", "", transfer.ErrFileType
}

func (p *Parts) readValue(ctx context.Context, path string) (string, error) {
	tx, err := p.Tree.Begin(ctx, model.FromSelf)
	if err != nil {
		return "", err
	}
	defer tx.Close()
	return tx.Value(ctx, path)
}

// offersUpload says at once what can never be sent: a file that is not there, and a configuration, which holds the keys and
// passwords of the whole house, by http. An ACS on this very box, as in a laboratory, may have it.
func (p *Parts) offersUpload(r transfer.Request) error {
	ctx, cancel := lockContext()
	defer cancel()
	table, _, err := p.uploadOf(ctx, r.FileType)
	if err != nil || table != configFiles {
		return err
	}
	s := p.settings.Load()
	if u, err := url.Parse(r.URL); (err != nil || !strings.EqualFold(u.Scheme, "https")) && !s.CPE.PlainUploads && !web.IsLocal(s.ACS.URL) {
		return fmt.Errorf("%w: a configuration is sent by https only", transfer.ErrScheme)
	}
	return nil
}

// produceUpload writes the file that an Upload sends.
func (p *Parts) produceUpload(ctx context.Context, r transfer.Request, w io.Writer) error {
	if err := p.offersUpload(r); err != nil { // the table, or the owner's mind, may have changed since
		return err
	}
	table, name, err := p.uploadOf(ctx, r.FileType)
	switch {
	case err != nil:
		return err
	case table == logFiles && name == systemLog:
		return p.writeSystemLog(ctx, w)
	case table == logFiles:
		return p.copyFile(p.logFile(), w)
	case name == everything:
		return p.writeBackup(ctx, w)
	}
	pkg, err := p.UCI.Load(filepath.Base(name))
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(w, "package %s\n", pkg.Name); err == nil { // as `uci export` begins
		_, err = w.Write(pkg.Bytes())
	}
	return err
}

// writeBackup lets sysupgrade collect what the owner and the packages want to keep.
func (p *Parts) writeBackup(ctx context.Context, w io.Writer) error {
	dir, err := os.MkdirTemp(p.Box.Path("/tmp"), "cwmpd-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join("/tmp", filepath.Base(dir), "backup.tar.gz")
	if err := p.Box.SaveBackup(ctx, name); err != nil {
		return err
	}
	return p.copyFile(name, w)
}

func (p *Parts) copyFile(name string, w io.Writer) error {
	f, err := os.Open(p.Box.Path(name))
	if err != nil {
		return err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return fs.ErrInvalid
	}
	_, err = io.Copy(w, f)
	return err
}

// logFile is the file that logd writes where the owner wants one.
func (p *Parts) logFile() string { return p.systemOption("log_file") }

// writeSystemLog writes logd's ring buffer, a line for each message as logread prints it.
func (p *Parts) writeSystemLog(ctx context.Context, w io.Writer) error {
	log, err := p.Bus.Call(ctx, "log", "read", ubus.Table("stream", false, "oneshot", true))
	if err != nil {
		return err
	}
	zone := p.Box.Location()
	for _, m := range log.Get("log").All() {
		if _, err := io.WriteString(w, logLine(m, zone)); err != nil {
			return err
		}
	}
	return nil
}

var (
	facilities = strings.Fields("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp")
	severities = strings.Fields("emerg alert crit err warn notice info debug")
)

func logLine(m ubus.Value, zone *time.Location) string {
	milli, _ := m.Get("time").Int()
	priority, _ := m.Get("priority").Int()
	facility, kernel := "local"+strconv.FormatInt(priority>>3&15-8, 10), ""
	if n := int(priority >> 3 & 31); n < len(facilities) {
		facility = facilities[n]
	}
	if source, ok := m.Get("source").Int(); ok && source == 0 {
		kernel = " kernel:"
	}
	return fmt.Sprintf("%s %s.%s%s %s\n", time.UnixMilli(milli).In(zone).Format(time.ANSIC), facility, severities[priority&7], kernel,
		strings.TrimRight(m.Get("msg").Text(), "\n"))
}
