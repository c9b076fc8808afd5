package connreq

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/cwmpd/cwmpd/internal/slog"
	"github.com/cwmpd/cwmpd/internal/state"
)

// replayState is the state file of the connection requests by UDP that were accepted last.
const replayState = "udpconnreq"

// maxIDs is how many requests are told apart that carry the same second; the rate lets fewer through.
const maxIDs = 16

// replay remembers what was accepted, so that nobody can send it again, over reboots too (C-37).
type replay struct {
	store *state.Store // nil: forgotten at the end
	log   *slog.Logger
	user  string // whose passwords were looked at last
	pass  string
	last  accepted
}

// accepted is what is kept: the newest time and the ids that came with it. Whoose passwords change need not remember what
// was signed with the old ones: if the ACS's clock was once far ahead, new passwords end that.
type accepted struct {
	TS  int64    `json:"ts"`
	IDs []string `json:"ids"`
	Key string   `json:"key"` // tells user name and password apart, without being them
}

// fresh reports whether a request was not accepted before and is not older than one that was.
func (p *replay) fresh(r *udpRequest, user, pass string) bool {
	p.load(user, pass)
	if r.ts != p.last.TS {
		return r.ts > p.last.TS
	}
	return len(p.last.IDs) < maxIDs && !slices.Contains(p.last.IDs, r.id)
}

// accept remembers a request that is fresh, on flash before anything comes of it.
func (p *replay) accept(r *udpRequest, user, pass string) {
	p.load(user, pass)
	if r.ts != p.last.TS {
		p.last.TS, p.last.IDs = r.ts, nil
	}
	p.last.IDs = append(p.last.IDs, r.id)
	if p.store == nil {
		return
	}
	if err := p.store.Save(replayState, p.last); err != nil {
		p.log.Warn("connection requests: a request may be accepted again after a restart", "err", err)
	}
}

func (p *replay) load(user, pass string) {
	if user == p.user && pass == p.pass && p.last.Key != "" {
		return
	}
	if p.last.Key == "" && p.store != nil && p.store.Load(replayState, &p.last) != nil {
		p.last = accepted{} // none yet, or broken: as if there had never been one
	}
	p.user, p.pass = user, pass
	mac := hmac.New(sha256.New, []byte(pass))
	mac.Write([]byte("cwmpd connection requests of " + user))
	if key := hex.EncodeToString(mac.Sum(nil)[:8]); key != p.last.Key {
		p.last = accepted{TS: -1, Key: key}
	}
}
