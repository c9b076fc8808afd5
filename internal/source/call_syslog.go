package source

import (
	"context"
	"net/netip"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// syslogTable are the values of Device.Syslog., options of the section `system` of /etc/config/system.
var syslogTable = []named{
	{"syslog.file", &Func{Get: getLogFile, Set: setLogFile, Hook: hookLogFile}},
	{"syslog.remote", &Func{Get: getLogRemote, Set: setLogRemote}},
}

// parkedLog keeps the name of a log file that is switched off: log_file itself has no switch.
const parkedLog = "cwmp_log_file"

const fileURI = "file://"

func getLogFile(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	name := text(s, "log_file")
	if args[0] == "enable" {
		return digit(name != ""), nil
	}
	if name = firstOf(name, text(s, parkedLog)); name != "" {
		name = fileURI + name
	}
	return name, nil
}

// setLogFile takes a path with or without file:// before it. It has to be below a directory that holds no configuration:
// logread would write over any file.
func setLogFile(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	s := r.own(row)
	if s == nil {
		return refused("/etc/config/system has no section of type system")
	}
	live, parked := s.Get("log_file"), s.Get(parkedLog)
	if args[0] == "enable" {
		switch on := yes(value, false); {
		case on == (live != "") || on && parked == "":
			return nil // the hook refuses what stays unfinished
		case on:
			live, parked = parked, ""
		default:
			live, parked = "", live
		}
	} else {
		value = strings.TrimPrefix(value, fileURI)
		if value != "" && !validLogFile(value) {
			return model.Errorf(model.BadValue, "want a file below /tmp, /var or /mnt")
		}
		if live != "" {
			live = value
		} else {
			parked = value
		}
	}
	if err := r.uciSet("system", s.Name, "log_file", live); err != nil {
		return err
	}
	return r.uciSet("system", s.Name, parkedLog, parked)
}

func validLogFile(name string) bool {
	if strings.Contains(name, "/../") || strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/..") ||
		strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > 126 || strings.ContainsRune("'\"`$\\;&|<>*?", c) }) {
		return false
	}
	for _, dir := range [...]string{"/tmp/", "/var/log/", "/mnt/"} {
		if strings.HasPrefix(name, dir) && len(name) > len(dir) {
			return true
		}
	}
	return false
}

// hookLogFile switches a file on that was named after Enable.
func hookLogFile(ctx context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	enable, ok := changed["LogFile.Enable"]
	if !ok || !yes(enable, false) || text(r.own(row), "log_file") != "" {
		return nil
	}
	if text(r.own(row), parkedLog) == "" {
		return at("LogFile.Enable", model.BadValue, "there is no FilePath")
	}
	return setLogFile(ctx, r, row, []string{"enable"}, "1")
}

// remoteOn: without log_remote an address is enough.
func getLogRemote(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	s := r.own(row)
	address := text(s, "log_ip")
	on := yes(text(s, "log_remote"), address != "")
	switch args[0] {
	case "address":
		return address, nil
	case "enable":
		return digit(on), nil
	}
	return statusOf(on && address != "", r.running(ctx, "log", "-r")), nil
}

// setLogRemote writes the address. A fresh router has none and no log_remote, which reads as off and must stay so.
func setLogRemote(ctx context.Context, r *Reader, row *model.Row, args []string, value string) error {
	if args[0] == "enable" {
		return r.uciSet("system", row.Section, "log_remote", digit(yes(value, false)))
	}
	if _, err := netip.ParseAddr(value); value != "" && err != nil && !validHostname(value) {
		return model.Errorf(model.BadValue, "want an address or a host name")
	}
	if on, _ := getLogRemote(ctx, r, row, []string{"enable"}); value != "" && on == "0" {
		if err := r.uciSet("system", row.Section, "log_remote", on); err != nil {
			return err
		}
	}
	return r.uciSet("system", row.Section, "log_ip", value)
}
