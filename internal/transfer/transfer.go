package transfer

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// Kind is the direction of a transfer.
type Kind int

// The kinds.
const (
	Download Kind = iota
	Upload
)

// The file types that a Download understands (TR-069 A.3.2.8). What an Upload understands is Config.Offers' matter.
const (
	TypeFirmware = "1 Firmware Upgrade Image"
	TypeConfig   = "3 Vendor Configuration File"
)

// Request is what the ACS asked for.
type Request struct {
	Kind               Kind
	CommandKey         string
	FileType           string
	URL                string
	Username, Password string
	FileSize           uint64 // bytes as the ACS believes; 0 means unknown
	TargetFileName     string // shown, never used as a path
	Delay              time.Duration
	Windows            []Window `json:",omitempty"` // of a ScheduleDownload, which has no Delay
}

// Reason says how a transfer ended; the protocols map it to their fault numbers.
type Reason int

// The reasons.
const (
	OK         Reason = iota
	Internal          // our own fault
	Auth              // the file server refuses us
	Contact           // no connection: name, TCP or TLS
	Access            // connected, and no file
	Incomplete        // the file broke off
	Corrupt           // the file is not what its type promises
	Signature         // the signature of the file is missing or wrong
	Scheme            // a URL that we do not speak
	NoSpace           // the file does not fit
	Failed            // anything else
	Windows           // not done within its time windows
)

func (r Reason) String() string {
	return [...]string{"ok", "internal error", "not authorized", "no contact", "no file", "incomplete", "corrupt", "bad signature",
		"bad URL", "no space", "failed", "not within its time windows"}[r]
}

// Result is a transfer that ended. Zero times mean that the clock was not set.
type Result struct {
	ID string
	Request
	Reason          Reason
	Msg             string // for people; holds no secrets
	Start, Complete time.Time
}

// State is how far an entry got.
type State int

// The states, in their order.
const (
	Waiting State = iota
	Fetching
	Fetched
	Applying
	Finished
)

func (s State) String() string {
	return [...]string{"waiting", "fetching", "fetched", "applying", "finished"}[s]
}

// Entry is one line of the queue, without credentials.
type Entry struct {
	ID string
	Request
	State State
}

// What keeps a request out of the queue.
var (
	ErrFull     = errors.New("transfer queue is full")
	ErrFileType = errors.New("file type not supported")
	ErrURL      = errors.New("bad URL")
	ErrScheme   = errors.New("URL scheme not supported")
	ErrArgument = errors.New("argument too long")
	ErrNoSpace  = errors.New("file does not fit")
	ErrTooLate  = errors.New("transfer is being applied, or has ended") // and cannot be cancelled
)

// Check tells at once what can never work.
func Check(r Request) error {
	for _, field := range []struct {
		text string
		max  int
	}{{r.CommandKey, 32}, {r.FileType, 64}, {r.Username, 256}, {r.Password, 256}, {r.TargetFileName, 256}} {
		if len(field.text) > field.max {
			return ErrArgument
		}
	}
	if r.Kind == Download && r.FileType != TypeFirmware && r.FileType != TypeConfig {
		return ErrFileType
	}
	if err := checkWindows(r.Windows); err != nil {
		return err
	}
	return checkURL(r.URL)
}

func checkURL(text string) error {
	if text == "" || len(text) > 256 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return ErrURL
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return ErrURL
	}
	if s := strings.ToLower(u.Scheme); s != "http" && s != "https" {
		return ErrScheme
	}
	if u.User != nil || u.Hostname() == "" {
		return ErrURL
	}
	return nil
}

// origin is what of a URL may be logged: neither user nor query.
func origin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "?"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// scrub takes the secrets of a request out of a message.
func scrub(msg string, r Request) string {
	secrets := []string{r.URL, origin(r.URL), r.Password, "***"}
	if u, err := url.Parse(r.URL); err == nil {
		secrets = append(secrets, u.RawQuery, "***")
	}
	for i := 0; i < len(secrets); i += 2 {
		if secrets[i] != "" {
			msg = strings.ReplaceAll(msg, secrets[i], secrets[i+1])
		}
	}
	return msg
}
