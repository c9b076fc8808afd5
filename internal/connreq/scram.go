package connreq

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// The rounds of hashing that a server may ask for: fewer make the password easy to guess for whoever listens (RFC 7677
// section 4), more keep a router's processor busy for a minute.
const (
	minRounds = 4096
	maxRounds = 200_000
)

// scram is the client's side of one SCRAM exchange (RFC 5802, RFC 7677). The password never goes out, and the server has to
// show that it knows it.
type scram struct {
	hash     func() hash.Hash
	header   string // gs2: whether and how the exchange is bound to the TLS connection
	binding  []byte // what identifies that connection
	password string

	nonce, bare string // our first message, and its random part
	server      []byte // the server's signature, as it has to come
}

// newScram prepares an exchange; header and binding are those of the channel.
func newScram(h func() hash.Hash, header string, binding []byte, user, password string) *scram {
	b := make([]byte, 18)
	rand.Read(b) // never fails
	s := &scram{hash: h, header: header, binding: binding, password: password, nonce: base64.StdEncoding.EncodeToString(b)}
	s.bare = "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user) + ",r=" + s.nonce
	return s
}

// scramHash is the hash of a mechanism without its -PLUS, nil for those that we do not know.
func scramHash(mechanism string) func() hash.Hash {
	switch mechanism {
	case "SCRAM-SHA-256":
		return sha256.New
	case "SCRAM-SHA-1":
		return sha1.New
	}
	return nil
}

func (s *scram) first() string { return s.header + s.bare }

// final answers the server's challenge.
func (s *scram) final(challenge string) (string, error) {
	parts := strings.Split(challenge, ",")
	if len(parts) < 3 {
		return "", errors.New("SCRAM: challenge too short")
	}
	nonce, ok1 := strings.CutPrefix(parts[0], "r=") // "m=" would be an extension that must be understood
	salt64, ok2 := strings.CutPrefix(parts[1], "s=")
	count, ok3 := strings.CutPrefix(parts[2], "i=")
	salt, err := base64.StdEncoding.DecodeString(salt64)
	rounds, err2 := strconv.Atoi(count)
	switch {
	case !ok1 || !ok2 || !ok3 || err != nil || err2 != nil || len(salt) == 0:
		return "", errors.New("SCRAM: malformed challenge")
	case !strings.HasPrefix(nonce, s.nonce) || len(nonce) == len(s.nonce):
		return "", errors.New("SCRAM: the challenge answers somebody else")
	case rounds < minRounds || rounds > maxRounds:
		return "", fmt.Errorf("SCRAM: %d rounds, want %d to %d", rounds, minRounds, maxRounds)
	}
	salted, err := pbkdf2.Key(s.hash, s.password, salt, rounds, s.hash().Size())
	if err != nil {
		return "", err
	}
	message := "c=" + base64.StdEncoding.EncodeToString(append([]byte(s.header), s.binding...)) + ",r=" + nonce
	auth := s.bare + "," + challenge + "," + message
	key := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(key)
	for i, b := range s.mac(stored.Sum(nil), auth) {
		key[i] ^= b
	}
	s.server = s.mac(s.mac(salted, "Server Key"), auth)
	return message + ",p=" + base64.StdEncoding.EncodeToString(key), nil
}

// verify reports whether a server's last message shows that it knows the password.
func (s *scram) verify(message string) bool {
	v, ok := strings.CutPrefix(message, "v=")
	v, _, _ = strings.Cut(v, ",")
	got, err := base64.StdEncoding.DecodeString(v)
	return ok && err == nil && s.server != nil && hmac.Equal(got, s.server)
}

func (s *scram) mac(key []byte, text string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
