package cwmp

import (
	"errors"
	"slices"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

const (
	maxAsked    = 16 // RequestDownloads that wait
	maxFileArgs = 16 // of one of them, by the schema
)

// What keeps a RequestDownload from being made.
var (
	ErrACSRefuses = errors.New("the ACS has no RequestDownload")
	ErrTooMany    = errors.New("too many downloads are requested already")
	ErrNoSuchType = errors.New("want the file type of a download, and at most 16 arguments, names of 64 and values of 256 characters")
)

// RequestDownload asks the ACS to order a download, in a session that is held for it (3.15). What the ACS was not asked
// yet is lost with a reboot. It may be called from every goroutine.
func (c *CPE) RequestDownload(fileType string, args [][2]string) error {
	if fileType != transfer.TypeFirmware && fileType != transfer.TypeConfig || len(args) > maxFileArgs {
		return ErrNoSuchType
	}
	for _, a := range args {
		if a[0] == "" || soap.Length(a[0]) > 64 || soap.Length(a[1]) > 256 {
			return ErrNoSuchType
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.refuses:
		return ErrACSRefuses
	case len(c.asked) >= maxAsked:
		return ErrTooMany
	}
	c.asked = append(c.asked, soap.RequestDownload{FileType: fileType, Args: args})
	c.posted = append(c.posted, Event{Code: EventRequestDownload})
	c.poke()
	return nil
}

func (c *CPE) requestedDownloads() []soap.RequestDownload {
	has, known := c.knows("RequestDownload")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuses = known && !has
	if c.refuses {
		c.asked = nil
	}
	return slices.Clone(c.asked)
}

// oweRequestDownloads comes after the question which methods the ACS has, if it had to be asked.
func (s *session) oweRequestDownloads() {
	c := s.cpe
	for _, r := range c.requestedDownloads() {
		s.owed = append(s.owed, owed{
			method: "RequestDownload",
			needs:  func() bool { has, _ := c.knows("RequestDownload"); return has },
			write:  func(e *soap.Encoder) { e.RequestDownload(r) },
			done:   c.downloadRequested,
		})
	}
}

// downloadRequested forgets the oldest request: what the ACS makes of it is its own matter.
func (c *CPE) downloadRequested(fault int) {
	c.mu.Lock()
	if len(c.asked) > 0 {
		c.asked = c.asked[1:]
	}
	c.mu.Unlock()
	if fault == acsMethodNotSupported {
		c.learn(func(k *knowledge) {
			k.Methods = slices.DeleteFunc(k.Methods, func(m string) bool { return m == "RequestDownload" })
		})
	}
	if fault != 0 {
		c.log.Warn("the ACS refuses a RequestDownload", "fault", fault)
	}
}
