package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// A nonce is 8 bytes of age (nanoseconds since the table was made, so a clock that is set later changes nothing), 16
// random bytes and 16 of an HMAC over both, in hexadecimal digits.
const (
	nonceAge    = 8
	nonceRandom = 16
	nonceMAC    = 16
	nonceLen    = 2 * (nonceAge + nonceRandom + nonceMAC)
)

// nonces gives out nonces and remembers those that were used.
type nonces struct {
	key      []byte
	epoch    time.Time
	lifetime time.Duration
	max      int

	mu    sync.Mutex
	used  map[string]use // guarded by mu
	floor time.Duration  // guarded by mu; nonces born until then are forgotten, so they count as used up
}

type use struct {
	born  time.Duration
	count uint64 // the highest so far
}

func newNonces(lifetime time.Duration, most int) *nonces {
	return &nonces{key: random(32), epoch: time.Now(), lifetime: lifetime, max: most, used: map[string]use{}, floor: -1}
}

func (n *nonces) issue() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(time.Since(n.epoch)))
	b = append(b, random(nonceRandom)...)
	return hex.EncodeToString(append(b, n.mac(b)...))
}

func (n *nonces) mac(b []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(b)
	return h.Sum(nil)[:nonceMAC]
}

// born tells when a nonce was given out, and whether by us. Only the spelling that we gave out is ours, or one nonce would
// be many.
func (n *nonces) born(nonce string) (time.Duration, bool) {
	b, err := hex.DecodeString(nonce)
	if err != nil || len(nonce) != nonceLen || hex.EncodeToString(b) != nonce {
		return 0, false
	}
	signed := b[:nonceAge+nonceRandom]
	if !hmac.Equal(n.mac(signed), b[len(signed):]) {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint64(b)), true
}

// use notes that a nonce was used with this count, by somebody who knows the password. It reports false if it was used with
// the same or a higher count before, or is too old. Without a count (0) it can be used once.
func (n *nonces) use(nonce string, born time.Duration, count uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Since(n.epoch)
	if now-born > n.lifetime || born <= n.floor {
		return false
	}
	before, known := n.used[nonce]
	if known && count <= before.count {
		return false
	}
	if !known && len(n.used) >= n.max {
		n.forget(now)
	}
	n.used[nonce] = use{born, count}
	return true
}

// forget makes room: nonces that are too old go, and if none is, the oldest; all up to it are used up from then on.
func (n *nonces) forget(now time.Duration) {
	oldest := time.Duration(-1)
	for nonce, u := range n.used {
		if now-u.born > n.lifetime {
			delete(n.used, nonce)
		} else if oldest < 0 || u.born < oldest {
			oldest = u.born
		}
	}
	if len(n.used) < n.max {
		return
	}
	n.floor = oldest
	for nonce, u := range n.used {
		if u.born <= oldest {
			delete(n.used, nonce)
		}
	}
}
