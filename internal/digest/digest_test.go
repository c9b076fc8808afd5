package digest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/icholy/digest"
)

const (
	user = "acs"
	pass = "geh:eim"
	path = "/0123456789abcdef"
)

// answer computes what an ACS sends, with a client that is not ours; a field given as name=value replaces what it would
// send (without recomputing), name= alone leaves it out.
func answer(t *testing.T, challenge string, nc int, change ...string) string {
	t.Helper()
	chal, err := client.ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := client.Digest(chal, client.Options{Method: "GET", URI: path, Username: user, Password: pass, Count: nc})
	if err != nil {
		t.Fatal(err)
	}
	s := cred.String()
	for _, c := range change {
		name, val, _ := strings.Cut(c, "=")
		var kept []string
		for part := range strings.SplitSeq(strings.TrimPrefix(s, "Digest "), ", ") {
			if !strings.HasPrefix(part, name+"=") {
				kept = append(kept, part)
			}
		}
		if val != "" {
			kept = append(kept, name+"="+val)
		}
		s = "Digest " + strings.Join(kept, ", ")
	}
	return s
}

func TestCheck(t *testing.T) {
	for _, alg := range []Algorithm{MD5, SHA256} {
		s := NewServer(Config{Realm: "cwmpd", Algorithm: alg})
		for name, c := range map[string]struct {
			change []string
			want   Result
		}{
			"all right":                  {nil, OK},
			"without algorithm":          {[]string{"algorithm="}, OK},
			"other parameters":           {[]string{`opaque=""`, "x=y"}, OK},
			"upper-case response":        {nil, OK},
			"short count, other hash":    {[]string{"nc=1"}, Denied},
			"uri of another place":       {[]string{`uri="/"`}, Denied},
			"absolute uri":               {[]string{`uri="http://h` + path + `"`}, Denied},
			"user name in capitals":      {[]string{`username="ACS"`}, Denied},
			"user name with more":        {[]string{`username="acs\""`}, Denied},
			"no user name":               {[]string{"username="}, Denied},
			"other realm":                {[]string{`realm="x"`}, Denied},
			"nonce of somebody":          {[]string{`nonce="` + strings.Repeat("0", nonceLen) + `"`}, Denied},
			"no nonce":                   {[]string{"nonce="}, Denied},
			"no response":                {[]string{"response="}, Denied},
			"empty response":             {[]string{`response=""`}, Denied},
			"other algorithm":            {[]string{"algorithm=CRC32"}, Denied},
			"session algorithm":          {[]string{"algorithm=" + string(alg) + "-sess"}, Denied},
			"auth-int":                   {[]string{"qop=auth-int"}, Denied},
			"qop left out":               {[]string{"qop="}, Denied},
			"count left out":             {[]string{"nc="}, Denied},
			"count of zero":              {[]string{"nc=00000000"}, Denied},
			"count that is no number":    {[]string{"nc=0000000g"}, Denied},
			"count of nine digits":       {[]string{"nc=000000001"}, Denied},
			"no cnonce":                  {[]string{"cnonce="}, Denied},
			"a parameter twice":          {[]string{`x="y", x="z"`}, Denied},
			"quote that does not end":    {[]string{`x="y`}, Denied},
			"more than 32 parameters":    {[]string{"y=z" + strings.Repeat(", y=z", 40)}, Denied},
			"more than four KiB":         {[]string{"x=" + strings.Repeat("y", 5000)}, Denied},
			"parameter without a name":   {[]string{"x=y, =z"}, Denied},
			"something that is no value": {[]string{`x="y"z`}, Denied},
		} {
			value := answer(t, s.Challenge(false), 1, c.change...)
			if name == "upper-case response" {
				i := strings.Index(value, `response="`)
				value = value[:i] + "response=" + strings.ToUpper(value[i+len("response="):])
			}
			if got := s.Check("GET", path, value, user, pass); got != c.want {
				t.Errorf("%s, %s: got %v, want %v\n%s", alg, name, got, c.want, value)
			}
		}
	}
}

func TestOthersAreDenied(t *testing.T) {
	s := New("cwmpd")
	good := func() string { return answer(t, s.Challenge(false), 1) }
	for name, got := range map[string]Result{
		"nothing":               s.Check("GET", path, "", user, pass),
		"Basic":                 s.Check("GET", path, "Basic YWNzOmdlaDplaW0=", user, pass),
		"Digest alone":          s.Check("GET", path, "Digest", user, pass),
		"Digest and a blank":    s.Check("GET", path, "Digest ", user, pass),
		"other method":          s.Check("POST", path, good(), user, pass),
		"other target":          s.Check("GET", path+"?x", good(), user, pass),
		"other password":        s.Check("GET", path, good(), user, pass+"x"),
		"other user":            s.Check("GET", path, good(), "x", pass),
		"other server":          New("cwmpd").Check("GET", path, good(), user, pass),
		"factory state (C-15)":  s.Check("GET", path, good(), "", ""),
		"factory, empty answer": s.Check("GET", path, factory(s), "", ""),
	} {
		if got != Denied {
			t.Errorf("%s: got %v, want denied", name, got)
		}
	}
	if got := s.Check("GET", path, good(), user, pass); got != OK {
		t.Errorf("got %v, want ok", got)
	}
}

// factory is a correct answer with an empty user name and password.
func factory(s *Server) string {
	nonce := s.nonces.issue()
	r := s.hash(s.hash(":cwmpd:") + ":" + nonce + ":00000001:c:auth:" + s.hash("GET:"+path))
	return fmt.Sprintf(`Digest username="", realm="cwmpd", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="c", response="%s"`, nonce, path, r)
}

// GenieACS splits at commas and unquotes as JSON; a second challenge or a comma inside quotes would lose it.
func TestChallengeForNaiveParsers(t *testing.T) {
	s := New("router, \"the\" one\\\n")
	for _, stale := range []bool{false, true} {
		got := s.Challenge(stale)
		rest, ok := strings.CutPrefix(got, "Digest ")
		if !ok || strings.Count(got, ",") != 3+map[bool]int{true: 1}[stale] || strings.Contains(got, `\`) {
			t.Fatalf("got %s", got)
		}
		fields := map[string]string{}
		for part := range strings.SplitSeq(rest, ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			fields[k] = strings.Trim(v, `"`)
		}
		if fields["qop"] != "auth" || fields["algorithm"] != "MD5" || len(fields["nonce"]) != nonceLen || (fields["stale"] == "true") != stale {
			t.Errorf("got %v", fields)
		}
	}
}

// Covers: C-14.
func TestReplay(t *testing.T) {
	s := New("r")
	challenge := s.Challenge(false)
	for _, step := range []struct {
		nc   int
		want Result
	}{{1, OK}, {1, Stale}, {2, OK}, {5, OK}, {3, Stale}, {5, Stale}, {6, OK}} {
		if got := s.Check("GET", path, answer(t, challenge, step.nc), user, pass); got != step.want {
			t.Errorf("count %d: got %v, want %v", step.nc, got, step.want)
		}
	}
	// A wrong answer uses nothing up.
	challenge = s.Challenge(false)
	wrong := answer(t, challenge, 9)
	if got := s.Check("GET", path, wrong, user, "other"); got != Denied {
		t.Errorf("got %v", got)
	}
	if got := s.Check("GET", path, answer(t, challenge, 1), user, pass); got != OK {
		t.Errorf("after a wrong answer: got %v", got)
	}
	// A client that knows no qop may use a nonce once.
	old := strings.Replace(s.Challenge(false), `qop="auth", `, "", 1)
	for _, want := range []Result{OK, Stale} {
		if got := s.Check("GET", path, answer(t, old, 0), user, pass); got != want {
			t.Errorf("RFC 2069: got %v, want %v", got, want)
		}
	}
}

// Covers: C-14.
func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("r")
		challenge := s.Challenge(false)
		time.Sleep(119 * time.Second)
		if got := s.Check("GET", path, answer(t, challenge, 1), user, pass); got != OK {
			t.Errorf("after 119 s: got %v", got)
		}
		time.Sleep(2 * time.Second)
		if got := s.Check("GET", path, answer(t, challenge, 2), user, pass); got != Stale {
			t.Errorf("after 121 s: got %v", got)
		}
		if got := s.Check("GET", path, answer(t, challenge, 3), user, "x"); got != Denied {
			t.Errorf("after 121 s, wrong password: got %v", got)
		}
	})
}

// The table does not grow, and what fell out of it cannot be played again.
// Z-41: a flood of nonces fills no memory.
func TestBoundedTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(Config{Realm: "r", MaxUsed: 8})
		var used []string
		for range 50 {
			a := answer(t, s.Challenge(false), 1)
			if got := s.Check("GET", path, a, user, pass); got != OK {
				t.Fatalf("got %v", got)
			}
			used = append(used, a)
			time.Sleep(time.Millisecond)
			for range 100 {
				s.Challenge(false) // those nobody uses cost nothing
			}
		}
		if n := len(s.nonces.used); n > 8 {
			t.Errorf("table of %d", n)
		}
		for i, a := range used {
			if got := s.Check("GET", path, a, user, pass); got != Stale {
				t.Errorf("replay of %d: got %v", i, got)
			}
		}
		time.Sleep(200 * time.Second)
		if got := s.Check("GET", path, answer(t, s.Challenge(false), 1), user, pass); got != OK {
			t.Errorf("later: got %v", got)
		}
		if n := len(s.nonces.used); n != 1 {
			t.Errorf("old nonces are kept: %d", n)
		}
	})
}

func TestManyGoroutines(t *testing.T) {
	s := New("r")
	challenge := s.Challenge(false)
	value := answer(t, challenge, 1)
	var all sync.WaitGroup
	results := make(chan Result, 50)
	for range 50 {
		all.Go(func() { results <- s.Check("GET", path, value, user, pass) })
	}
	all.Wait()
	close(results)
	n := 0
	for r := range results {
		if r == OK {
			n++
		}
	}
	if n != 1 {
		t.Errorf("one count was taken %d times", n)
	}
}

// The example of RFC 2617 3.5, with its nonce made ours.
func TestResponseOfRFC2617(t *testing.T) {
	s := New("testrealm@host.com")
	p := params{"username": "Mufasa", "realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093", "uri": "/dir/index.html",
		"qop": "auth", "nc": "00000001", "cnonce": "0a4f113b", "response": "6629fae49393a05397450978507c4ef1"}
	if !s.right(p, "GET", "/dir/index.html", "Mufasa", "Circle Of Life") {
		t.Error("the RFC's own example is denied")
	}
	p["response"] = "6629fae49393a05397450978507c4ef2"
	if s.right(p, "GET", "/dir/index.html", "Mufasa", "Circle Of Life") {
		t.Error("a wrong response is taken")
	}
}

func FuzzAuthorization(f *testing.F) {
	s := New("cwmpd")
	nonce := s.nonces.issue()
	f.Add(fmt.Sprintf(`Digest username="acs", realm="cwmpd", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="c", response="00"`, nonce, path))
	f.Add(`Digest username="a\"b", , nc=1 , x = "y,z"`)
	f.Add("digest \t=")
	f.Fuzz(func(t *testing.T, value string) {
		p, ok := parse(value)
		if ok && (len(p) > maxParams || len(value) > maxHeader) {
			t.Fatalf("unbounded: %d", len(p))
		}
		want := ""
		if ok {
			sum := md5.Sum([]byte("acs:cwmpd:geh:eim"))
			a2 := md5.Sum([]byte("GET:" + path))
			mid := p["nonce"] + ":" + p["nc"] + ":" + p["cnonce"] + ":" + p["qop"]
			full := md5.Sum([]byte(hex.EncodeToString(sum[:]) + ":" + mid + ":" + hex.EncodeToString(a2[:])))
			want = hex.EncodeToString(full[:])
		}
		got := s.Check("GET", path, value, user, pass)
		if got != Denied && !strings.EqualFold(p["response"], want) && p["qop"] != "" {
			t.Fatalf("%q is %v", value, got)
		}
		if s.Check("GET", path, value, "", "") != Denied {
			t.Fatal("factory state lets somebody in")
		}
	})
}
