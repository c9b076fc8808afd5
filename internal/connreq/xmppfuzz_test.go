package connreq

import (
	"bytes"
	"encoding/xml"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/config"
)

// said is a connection on which everything was said already.
type said struct {
	net.Conn
	io.Reader
	out bytes.Buffer
}

func (s *said) Read(b []byte) (int, error)  { return s.Reader.Read(b) }
func (s *said) Write(b []byte) (int, error) { return s.out.Write(b) }

// FuzzXMPPStream gives the reader of stanzas anything, and the judge what comes of it: it ends, keeps its limits, and what
// it answers is XML without a password.
func FuzzXMPPStream(f *testing.F) {
	f.Add("<stream:features/><iq type='get' id='1' from='a@b/c'><connectionRequest xmlns='" + nsConnReq + "'><username>u</username><password>hidden</password></connectionRequest></iq></stream:stream>")
	f.Add("<stream:features><mechanisms xmlns='" + nsSASL + "'><mechanism>PLAIN</mechanism></mechanisms></stream:features> <message><a><b c='d'/>&lt;</a></message>\n<iq type='set' id='&#39;'/>")
	f.Add("<stream:features/><stream:error><x/></stream:error>")
	f.Add("<stream:features/><iq><![CDATA[x]]></iq><?x?>")
	x := NewXMPP(XMPPConfig{
		Settings:    func() config.XMPP { return config.XMPP{AllowedJIDs: "a@b"} },
		Credentials: func() (string, string) { return "u", "hidden" },
	})
	f.Fuzz(func(t *testing.T, text string) {
		c := &said{Reader: strings.NewReader(openTag + text)}
		s := newStream(c)
		if _, err := s.begin("example.net"); err != nil {
			return
		}
		for {
			e, err := s.next()
			if err != nil {
				return
			}
			n := 0
			measure(t, e, 1, &n)
			answer, _ := x.reply(e, "cpe@example.net/<&'")
			if strings.Contains(answer, "<password>") || strings.Contains(answer, ">hidden<") {
				t.Errorf("the answer repeats what was asked: %s", answer)
			}
			d := xml.NewDecoder(strings.NewReader(answer))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("the answer is no XML: %v\n%s", err, answer)
				}
			}
		}
	})
}

func measure(t *testing.T, e *element, depth int, n *int) {
	if *n++; depth > maxDepth || *n > maxElements || len(e.attr) > maxAttrs {
		t.Fatal("a stanza exceeds the limits")
	}
	for _, c := range e.inner {
		measure(t, c, depth+1, n)
	}
}

// FuzzSCRAM answers any challenge: never to one that is not ours, and never believes a server that has not proved itself.
func FuzzSCRAM(f *testing.F) {
	f.Add("r=NONCEx,s=c2FsdA==,i=4096", "v=AAAA")
	f.Add("m=x,r=NONCEx,s=c2FsdA==,i=4096", "e=other-error")
	f.Add("r=NONCE,s=,i=-1", "")
	f.Fuzz(func(t *testing.T, challenge, last string) {
		s := newScram(scramHash("SCRAM-SHA-1"), "n,,", nil, "u", "p")
		if s.verify(last) {
			t.Fatal("believed before anything was asked")
		}
		challenge = strings.ReplaceAll(challenge, "NONCE", s.nonce)
		if strings.Contains(challenge, "i=") && !strings.HasSuffix(challenge, "i=4096") {
			challenge = strings.Replace(challenge, "i=", "i=9999999", 1) // no time for the many rounds that are allowed
		}
		answer, err := s.final(challenge)
		if err == nil && (!strings.HasPrefix(challenge, "r="+s.nonce) || !strings.HasPrefix(answer, "c=biws,r="+s.nonce)) {
			t.Fatalf("%q answered with %q", challenge, answer)
		}
		if s.verify(last) {
			t.Fatalf("believed %q", last)
		}
	})
}

// The vectors of RFC 5802 section 5 and RFC 7677 section 3.
func TestSCRAMVectors(t *testing.T) {
	for _, c := range []struct{ mechanism, nonce, challenge, final, last string }{
		{"SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		s := newScram(scramHash(c.mechanism), "n,,", nil, "user", "pencil")
		s.nonce, s.bare = c.nonce, "n=user,r="+c.nonce
		got, err := s.final(c.challenge)
		if err != nil || got != c.final {
			t.Errorf("%s: %q, %v; want %q", c.mechanism, got, err, c.final)
		}
		if !s.verify(c.last) || s.verify("v=AAAA"+c.last[6:]) || s.verify("") {
			t.Errorf("%s: the server's last words", c.mechanism)
		}
	}
}
