package web

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/icholy/digest"
)

const (
	maxChallenges = 32
	maxParams     = 32 // of one challenge
)

// challenge is one way to prove who we are, as a server offers it.
type challenge struct {
	basic   bool
	params  digest.Challenge
	session bool // an algorithm with -sess
	rank    int  // the higher, the stronger; 0 cannot be answered
	hash    func(string) string
}

// algorithms is what we can compute (H-41).
var algorithms = map[string]struct {
	rank    int
	session bool
	hash    func(string) string
}{
	"":             {20, false, hexMD5},
	"MD5":          {20, false, hexMD5},
	"MD5-SESS":     {21, true, hexMD5},
	"SHA-256":      {40, false, hexSHA256},
	"SHA-256-SESS": {41, true, hexSHA256},
}

const rankBasic = 10

func hexMD5(s string) string    { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
func hexSHA256(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }

// parseChallenges reads WWW-Authenticate fields. Several challenges may stand in one field, with commas between them as
// between their parameters (RFC 7235 2.1); the library reads one challenge per field only. What follows a broken
// parameter is left out.
func parseChallenges(fields []string) []challenge {
	var all []challenge
	for _, field := range fields {
		for _, offer := range splitOffers(field) {
			if len(all) == maxChallenges {
				return all
			}
			all = append(all, offer.challenge())
		}
	}
	return all
}

// offer is a challenge before anybody understood it.
type offer struct {
	scheme string
	params map[string]string
	broken bool
}

func splitOffers(s string) []*offer {
	var offers []*offer
	for len(offers) <= maxChallenges {
		s = strings.TrimLeft(s, " \t,")
		word := s[:tokenLen(s)]
		if word == "" {
			break
		}
		rest := strings.TrimLeft(s[len(word):], " \t")
		value, isParam := strings.CutPrefix(rest, "=")
		if !isParam || len(offers) == 0 {
			offers = append(offers, &offer{scheme: strings.ToLower(word), params: map[string]string{}})
			s = rest
			continue
		}
		last := offers[len(offers)-1]
		text, after, ok := paramValue(strings.TrimLeft(value, " \t"))
		if !ok {
			last.broken = true
			break
		}
		last.set(strings.ToLower(word), text)
		s = after
	}
	return offers
}

func (o *offer) set(name, value string) {
	if _, twice := o.params[name]; twice || len(o.params) == maxParams {
		o.broken = true
		return
	}
	o.params[name] = value
}

// paramValue reads a quoted string, or what servers write without quotes.
func paramValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

func tokenLen(s string) int {
	i := 0
	for i < len(s) && s[i] > ' ' && s[i] < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(s[i])) {
		i++
	}
	return i
}

// challenge understands an offer; its rank is 0 if it cannot be answered.
func (o *offer) challenge() challenge {
	if o.scheme == "basic" && !o.broken {
		return challenge{basic: true, rank: rankBasic}
	}
	c := challenge{params: digest.Challenge{
		Realm:     o.params["realm"],
		Nonce:     o.params["nonce"],
		Opaque:    o.params["opaque"],
		Algorithm: o.params["algorithm"],
		Stale:     strings.EqualFold(o.params["stale"], "true"),
		Userhash:  strings.EqualFold(o.params["userhash"], "true"),
	}}
	alg, known := algorithms[strings.ToUpper(c.params.Algorithm)]
	qop, given := o.params["qop"]
	if o.scheme != "digest" || o.broken || !known || c.params.Nonce == "" || given && !offersAuth(qop) {
		return c
	}
	if given && strings.TrimSpace(qop) != "" {
		c.params.QOP = []string{"auth"}
	}
	c.rank, c.session, c.hash = alg.rank, alg.session, alg.hash
	return c
}

// offersAuth reports whether a list of qualities of protection has "auth"; an empty list is as good as none.
func offersAuth(qop string) bool {
	if strings.TrimSpace(qop) == "" {
		return true
	}
	for q := range strings.SplitSeq(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			return true
		}
	}
	return false
}
