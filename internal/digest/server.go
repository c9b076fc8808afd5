package digest

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Result is what Check found.
type Result int

// The results of Check.
const (
	Denied Result = iota // wrong or no credentials
	Stale                // right credentials over a nonce that is too old or was used before: challenge again with stale=true
	OK                   // right credentials
)

func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case Stale:
		return "stale"
	default:
		return "denied"
	}
}

// Algorithm is the hash in use.
type Algorithm string

// The algorithms of RFC 7616 that a Server can use.
const (
	MD5    Algorithm = "MD5"
	SHA256 Algorithm = "SHA-256"
)

// Config says how a Server works. The zero value of each field is usable, that of Realm is an empty realm.
type Config struct {
	Realm     string
	Algorithm Algorithm     // "" means MD5, the only one that ACSs in the field are known to answer
	Lifetime  time.Duration // of a nonce; 0 means 120 s (C-14: 60 to 300)
	MaxUsed   int           // nonces in use that are remembered; 0 means 256
}

// Server challenges and checks clients. It is safe for many goroutines.
type Server struct {
	realm     string
	algorithm Algorithm
	nonces    *nonces
}

// New returns a Server for one realm, with the defaults of Config.
func New(realm string) *Server { return NewServer(Config{Realm: realm}) }

// NewServer returns a Server. A comma, quote, backslash or control character in the realm is replaced by a blank, since
// ACSs split the challenge at each comma.
func NewServer(cfg Config) *Server {
	if cfg.Algorithm == "" {
		cfg.Algorithm = MD5
	}
	if cfg.Lifetime <= 0 {
		cfg.Lifetime = 120 * time.Second
	}
	if cfg.MaxUsed <= 0 {
		cfg.MaxUsed = 256
	}
	realm := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`,"\`, r) {
			return ' '
		}
		return r
	}, cfg.Realm)
	return &Server{realm: realm, algorithm: cfg.Algorithm, nonces: newNonces(cfg.Lifetime, cfg.MaxUsed)}
}

// Challenge returns the value of a WWW-Authenticate header, with a new nonce.
func (s *Server) Challenge(stale bool) string {
	value := fmt.Sprintf(`Digest realm="%s", qop="auth", nonce="%s", algorithm=%s`, s.realm, s.nonces.issue(), s.algorithm)
	if stale {
		value += ", stale=true"
	}
	return value
}

// Check judges the value of an Authorization header for a request of this method and request target. With an empty user
// name and password everybody is denied (C-15).
func (s *Server) Check(method, uri, authorization, user, pass string) Result {
	p, ok := parse(authorization)
	if !ok || user == "" && pass == "" {
		return Denied
	}
	born, ours := s.nonces.born(p["nonce"])
	right := s.right(p, method, uri, user, pass)
	if !ours || !right {
		return Denied
	}
	if !s.nonces.use(p["nonce"], born, p.count()) {
		return Stale
	}
	return OK
}

// right reports whether all but the nonce's age is as it must be. What is secret is compared in constant time.
func (s *Server) right(p params, method, uri, user, pass string) bool {
	alg, hasAlg := p["algorithm"]
	qop, hasQop := p["qop"]
	ok := p["realm"] == s.realm && p["uri"] == uri &&
		(!hasAlg || strings.EqualFold(alg, string(s.algorithm))) && (!hasQop || qop == "auth" && p["cnonce"] != "" && p.count() > 0)
	a1 := s.hash(user + ":" + s.realm + ":" + pass)
	a2 := s.hash(method + ":" + uri)
	middle := p["nonce"] // RFC 2069: a client too old to know qop
	if hasQop {
		middle += ":" + p["nc"] + ":" + p["cnonce"] + ":" + qop
	}
	want := s.hash(a1 + ":" + middle + ":" + a2)
	sameUser := subtle.ConstantTimeCompare([]byte(s.hash(p["username"])), []byte(s.hash(user)))
	sameResponse := subtle.ConstantTimeCompare([]byte(strings.ToLower(p["response"])), []byte(want))
	return ok && sameUser&sameResponse == 1
}

func (s *Server) hash(text string) string {
	if s.algorithm == SHA256 {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
