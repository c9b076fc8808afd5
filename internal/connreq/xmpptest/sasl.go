package xmpptest

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

func (p *peer) mechanisms(now bool) string {
	if !now {
		return ""
	}
	var b strings.Builder
	b.WriteString("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>")
	for _, m := range p.s.Mechanisms {
		b.WriteString("<mechanism>" + m + "</mechanism>")
	}
	b.WriteString("</mechanisms>")
	if len(p.s.Bindings) > 0 {
		b.WriteString("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>")
		for _, t := range p.s.Bindings {
			b.WriteString("<channel-binding type='" + t + "'/>")
		}
		b.WriteString("</sasl-channel-binding>")
	}
	return b.String()
}

// authenticate returns what goes into <success/>.
func (p *peer) authenticate(mechanism, initial string) (string, error) {
	first, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "", err
	}
	if mechanism == "PLAIN" {
		if string(first) != "\x00"+p.s.User+"\x00"+p.s.Password {
			return "", errDenied
		}
		return "", nil
	}
	h := map[string]func() hash.Hash{"SCRAM-SHA-1": sha1.New, "SCRAM-SHA-256": sha256.New}[strings.TrimSuffix(mechanism, "-PLUS")]
	gs2, bare, ok := strings.Cut(string(first), ",,")
	if h == nil || !ok {
		return "", errDenied
	}
	binding, err := p.binding(mechanism, gs2)
	if err != nil {
		return "", err
	}
	name, nonce, _ := strings.Cut(bare, ",r=")
	rounds := p.s.Rounds
	if rounds == 0 {
		rounds = 4096
	}
	salt := []byte("salt of a test")
	challenge := fmt.Sprintf("r=%sserver,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString(salt), rounds)
	p.say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>", base64.StdEncoding.EncodeToString([]byte(challenge)))
	_, text, err := p.stanza()
	if err != nil {
		return "", err
	}
	final, err := base64.StdEncoding.DecodeString(inside(text, "response"))
	if err != nil {
		return "", err
	}
	without, proof, _ := strings.Cut(string(final), ",p=")
	if p.s.Forged {
		return base64.StdEncoding.EncodeToString([]byte("v=" + base64.StdEncoding.EncodeToString(make([]byte, h().Size())))), nil
	}
	wantName := "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(p.s.User)
	wantBinding := "c=" + base64.StdEncoding.EncodeToString(append([]byte(gs2+",,"), binding...))
	if name != wantName || without != wantBinding+",r="+nonce+"server" {
		return "", errDenied
	}
	mac := func(key []byte, text string) []byte {
		m := hmac.New(h, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	salted, err := pbkdf2.Key(h, p.s.Password, salt, rounds, h().Size())
	must(err)
	auth := bare + "," + challenge + "," + without
	key := mac(salted, "Client Key")
	stored := h()
	stored.Write(key)
	for i, b := range mac(stored.Sum(nil), auth) {
		key[i] ^= b
	}
	if proof != base64.StdEncoding.EncodeToString(key) {
		return "", errDenied
	}
	last := base64.StdEncoding.EncodeToString([]byte("v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), auth))))
	if p.s.LastWords {
		p.say("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</challenge>", last)
		if _, _, err = p.stanza(); err != nil {
			return "", err
		}
		last = ""
	}
	return last, nil
}

// binding checks the flag of a client's first message and returns what ties it to the connection.
func (p *peer) binding(mechanism, gs2 string) ([]byte, error) {
	plus := strings.HasSuffix(mechanism, "-PLUS")
	offered := false
	for _, m := range p.s.Mechanisms {
		offered = offered || strings.HasSuffix(m, "-PLUS")
	}
	switch {
	case !plus && (gs2 == "n" || gs2 == "y" && !offered):
		return nil, nil
	case plus && gs2 == "p=tls-exporter" && p.tls != nil:
		state := p.tls.ConnectionState()
		return state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	case plus && gs2 == "p=tls-server-end-point" && p.tls != nil:
		sum := sha256.Sum256(p.s.TLS.Certificates[0].Certificate[0])
		return sum[:], nil
	}
	return nil, errDenied
}
