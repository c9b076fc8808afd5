package connreq

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/digest"
)

// judge returns the status for a request and sets the header that belongs to it.
func (h *HTTP) judge(header http.Header, r *http.Request) int {
	from, now := sourceOf(r.RemoteAddr), time.Now()
	p := h.place.Load()
	switch given := r.Header.Values("Authorization"); {
	case p == nil || subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(p.path)) != 1:
		return h.unlessBusy(from, now, http.StatusNotFound)
	case r.Method != http.MethodGet:
		header.Set("Allow", http.MethodGet)
		return h.unlessBusy(from, now, http.StatusMethodNotAllowed)
	case len(given) == 0:
		return h.challenge(header, from, now, false)
	case !h.rates.mayFail(from, now):
		h.refused(r, "too many wrong passwords")
		return http.StatusServiceUnavailable
	default:
		return h.check(header, r, given, now)
	}
}

// check judges a request by its credentials.
func (h *HTTP) check(header http.Header, r *http.Request, given []string, now time.Time) int {
	from := sourceOf(r.RemoteAddr)
	user, pass := h.cfg.Credentials()
	result := digest.Denied
	if len(given) == 1 {
		target := r.RequestURI
		if !strings.HasPrefix(target, "/") { // an absolute one, as for a proxy, names the same
			target = r.URL.RequestURI()
		}
		result = h.digest.Check(r.Method, target, given[0], user, pass)
	}
	switch result {
	case digest.OK:
		if !h.rates.accept(now) {
			h.refused(r, "too many requests")
			return http.StatusServiceUnavailable // without Retry-After (C-5)
		}
		return http.StatusOK
	case digest.Stale:
		return h.challenge(header, from, now, true)
	default:
		h.rates.failed(from, now)
		h.refused(r, "wrong user name or password")
		setChallenge(header, h.digest.Challenge(false))
		return http.StatusUnauthorized
	}
}

func (h *HTTP) challenge(header http.Header, from source, now time.Time, stale bool) int {
	status := h.unlessBusy(from, now, http.StatusUnauthorized)
	if status == http.StatusUnauthorized {
		setChallenge(header, h.digest.Challenge(stale))
	}
	return status
}

// unlessBusy counts a request without credentials.
func (h *HTTP) unlessBusy(from source, now time.Time, status int) int {
	if !h.rates.knock(from, now) {
		return http.StatusServiceUnavailable
	}
	return status
}

// refused logs a refusal, one a minute.
func (h *HTTP) refused(r *http.Request, why string) {
	now, last := time.Now().Unix(), h.warned.Load()
	if now-last >= 60 && h.warned.CompareAndSwap(last, now) {
		h.cfg.Log.Warn("connection request refused", "from", r.RemoteAddr, "why", why)
	}
}

// setChallenge keeps the usual spelling of the field, which net/http would change and simple clients look for.
func setChallenge(header http.Header, value string) { header["WWW-Authenticate"] = []string{value} }
