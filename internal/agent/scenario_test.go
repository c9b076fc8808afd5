package agent

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/sandbox"
)

var update = flag.Bool("update", false, "write what the CPE answered into the scenarios")

// TestScenarios plays testdata/*.txt: a router, what the ACS sends, what we answer, the router afterwards.
// A file is a title in # comments, then sections:
//
//	-- on KIND --        which of the sandbox's routers, first of all; the home router unless said
//	-- router/PATH --    a file of the router; before the first other section it is written, later it is compared
//	-- file NAME --      a file on the web server {files}
//	-- acs --            calls of one session, as cwmptest.ParseCall reads them; the session is asked for on the router
//	-- acs next --       the same for the next session, which comes by itself
//	-- acs answers --    how the ACS answers the next POSTs: polite, a status such as 503, drop, fault 8005
//	-- inform --         the Inform of that session, or the next one: its events, then lines NAME = VALUE that must be
//	                     in it, !NAME that must not, RetryCount = N
//	-- cpe --            the answers, in order; after inform what else the CPE said in that session; a line "…" stands
//	                     for any lines
//	-- ubus --           each line is OBJECT.METHOD {json} that must have been called, "!…" one that must not
//	-- commands --       what the router was told to run, each line the beginning of one
//	-- edit PATH --      somebody changes a file on the router: s/OLD/NEW/ with any character for /, +LINE to add a line
//	-- lease dhcp4 EVENT --  the DHCP client has the agent's hook run, as netifd does: each line an option, its number and
//	                     the suboptions, 125 11={acs} 4=00D09E, or the option as it is, 43 raw={acs}; also dhcp6. Before the
//	                     first other section the agent does not run yet
//	-- device MAC ACTION --  the same for dnsmasq's lease script; lines NAME=VALUE of its environment
//	-- knock USER PASSWORD --  the ACS makes a connection request, and gets this status; "closed" when nobody listens
//	-- udp USER PASSWORD TS ID --  the same by UDP, which is never answered
//	-- restart --        the agent ends and starts again
//	-- reboot --         the same with the box
//	-- down --           the box goes down by itself, as it was told; the agent starts again in its next boot
//
// The agent starts before the first section that is none of the router's and the web server's; its first Inform may be
// looked at, and is passed over otherwise. An Inform that no section asks for is an error, unless it is the one of an acs
// section.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			playScenario(t, file)
		})
	}
}

type section struct {
	name, text string
}

func parseScenario(t *testing.T, file string) (title string, list []section) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			list = append(list, section{name: strings.TrimSuffix(name, " --")})
		} else if len(list) == 0 {
			title += line
		} else {
			list[len(list)-1].text += line
		}
	}
	return title, list
}

// lines are the lines of a section that say something.
func (s section) lines() []string {
	var list []string
	for line := range strings.Lines(s.text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

// A play is a scenario on its stage.
type play struct {
	*stage
	web     *httptest.Server
	looked  int      // messages before the next Inform that inform looks for
	skip    bool     // the Inform of the last acs section was not looked at
	answers []string // that cpe compares
}

func playScenario(t *testing.T, file string) {
	_, sections := parseScenario(t, file)
	p := newPlay(t, sections)
	first := slices.IndexFunc(sections, func(s section) bool { return !s.setting() })
	for i := range sections[:first] {
		if word, _, _ := strings.Cut(sections[i].name, " "); word == "lease" || word == "device" {
			p.act(&sections[i])
		}
	}
	p.begin()
	if sections[first].name != "inform" {
		p.pass()
	}
	for i := first; i < len(sections); i++ {
		p.act(&sections[i])
		if t.Failed() {
			t.Logf("%s: at section %q", file, sections[i].name)
			break
		}
	}
	p.nothingElse()
	if *update && !t.Failed() {
		rewrite(t, file, sections)
	}
}

// setting reports whether a section says what is there before the play.
func (s section) setting() bool {
	return strings.HasPrefix(s.name, "on ") || strings.HasPrefix(s.name, "router/") || strings.HasPrefix(s.name, "file ") ||
		strings.HasPrefix(s.name, "lease ") || strings.HasPrefix(s.name, "device ")
}

func newPlay(t *testing.T, sections []section) *play {
	pages := map[string]string{}
	files := map[string]string{}
	kind := sandbox.Home
	for i := 0; i < len(sections) && sections[i].setting(); i++ {
		if name, ok := strings.CutPrefix(sections[i].name, "on "); ok {
			kind = name
		} else if name, ok := strings.CutPrefix(sections[i].name, "router/"); ok {
			files[name] = sections[i].text
		} else if name, ok := strings.CutPrefix(sections[i].name, "file "); ok {
			pages[name] = sections[i].text
		}
	}
	p := &play{stage: newStageOn(t, newRouterOf(t, "/dev/shm", kind), files)}
	p.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pages[strings.TrimPrefix(r.URL.Path, "/")]; ok {
			w.Write([]byte(page))
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(p.web.Close)
	return p
}

// named puts the addresses of this run into a text, unnamed takes them out.
func (p *play) named(text string) string {
	return strings.NewReplacer("{files}", p.web.URL, "{acs}", p.acs.URL).Replace(text)
}

func (p *play) unnamed(text string) string {
	return strings.NewReplacer(p.web.URL, "{files}", strings.TrimPrefix(p.web.URL, "http://"), "{files}", p.acs.URL, "{acs}").Replace(text)
}

// pass takes note of everything that came so far.
func (p *play) pass() {
	p.settle()
	p.looked, p.skip = len(p.acs.Messages()), false
}

func (p *play) act(sec *section) {
	p.t.Helper()
	name := sec.name
	word, rest, _ := strings.Cut(name, " ")
	if p.skip && slices.Contains([]string{"acs", "edit", "lease", "device", "knock", "udp", "restart", "reboot", "down"}, word) {
		p.pass()
	}
	switch {
	case name == "acs":
		p.calls(sec, false)
	case name == "acs next":
		p.calls(sec, true)
	case name == "acs answers":
		p.play(sec)
	case name == "inform":
		p.lookAtInform(sec)
	case name == "cpe":
		p.wantAnswers(sec)
	case strings.HasPrefix(name, "router/"):
		p.wantFile(sec)
	case name == "ubus":
		for _, line := range sec.lines() {
			p.wantCall(line)
		}
	case name == "commands":
		p.wantCommands(sec)
	case word == "edit":
		p.edit(rest, sec.lines())
	case word == "lease":
		client, event, _ := strings.Cut(rest, " ")
		p.lease(client, event, strings.Split(p.named(strings.Join(sec.lines(), "\n")), "\n")...)
	case word == "device":
		mac, action, _ := strings.Cut(rest, " ")
		p.device(mac, action, sec.lines()...)
	case word == "knock":
		p.wantKnock(rest, strings.TrimSpace(sec.text))
	case word == "udp":
		fields := strings.Fields(rest)
		p.knockUDP(fields[0], fields[1], fields[2], fields[3])
	case name == "restart":
		p.restart()
	case name == "reboot":
		p.reboot()
	case name == "down":
		p.left()
		p.start()
	default:
		p.t.Fatalf("unknown section %q", name)
	}
}

func (p *play) calls(sec *section, next bool) {
	p.t.Helper()
	var calls []cwmptest.Call
	for _, line := range sec.lines() {
		c, err := cwmptest.ParseCall(p.named(line))
		if err != nil {
			p.t.Fatal(err)
		}
		calls = append(calls, c)
	}
	if next {
		p.acs.Ask(calls...)
		return
	}
	p.seen = len(p.acs.Messages())
	p.answers = nil
	for _, m := range p.ask(calls...) {
		p.answers = append(p.answers, cwmptest.Describe(m)...)
	}
	p.settle()
	p.skip = true
}

func (p *play) play(sec *section) {
	p.t.Helper()
	for _, line := range sec.lines() {
		var code int
		switch {
		case line == "polite":
			p.acs.Play(cwmptest.Polite)
		case line == "drop":
			p.acs.Play(cwmptest.Drop)
		case scan(line, "fault %d", &code):
			p.acs.Play(cwmptest.Fault(code))
		case scan(line, "%d", &code):
			p.acs.Play(cwmptest.Status(code))
		default:
			p.t.Fatalf("an ACS cannot answer %q", line)
		}
	}
}

func scan(text, format string, into *int) bool {
	n, err := fmt.Sscanf(text, format, into)
	return n == 1 && err == nil
}

// lookAtInform looks at the next Inform that was not looked at, and at what its session brings.
func (p *play) lookAtInform(sec *section) {
	p.t.Helper()
	p.seen = p.looked
	m := p.inform()
	p.settle()
	p.looked, p.skip = p.seen, false
	p.answers = nil
	for _, other := range p.acs.Messages()[p.seen:] {
		if other.Name == "Inform" {
			break
		}
		if p.looked++; other.Name != "" {
			p.answers = append(p.answers, cwmptest.Describe(other)...)
		}
	}
	lines := sec.lines()
	got, values := []string{strings.Join(m.Events(), ", ")}, m.Values()
	values["RetryCount"] = m.Text("RetryCount")
	for _, line := range lines[1:] {
		name, _, isValue := strings.Cut(line, " =")
		value, has := values[strings.TrimPrefix(name, "!")]
		switch {
		case has && !isValue:
			got = append(got, name[1:]+" is there")
		case !isValue:
			got = append(got, name)
		case has:
			got = append(got, strings.TrimSpace(name+" = "+p.unnamed(value)))
		default:
			got = append(got, name+" is not there")
		}
	}
	if *update {
		sec.text = strings.Join(got, "\n") + "\n"
	} else if !slices.Equal(got[1:], lines[1:]) || !sameEvents(got[0], lines[0]) {
		p.t.Errorf("Inform with\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

// sameEvents compares two lists, whose order says nothing (I-5).
func sameEvents(a, b string) bool {
	sorted := func(s string) []string { list := strings.Split(s, ", "); slices.Sort(list); return list }
	return slices.Equal(sorted(a), sorted(b))
}

// nothingElse wants no further Inform.
func (p *play) nothingElse() {
	if p.skip {
		p.pass()
	}
	for _, m := range p.acs.Messages()[p.looked:] {
		if m.Name == "Inform" {
			p.t.Errorf("an Inform that nobody looked at: %v", m.Events())
		}
	}
}

func (p *play) wantAnswers(sec *section) {
	p.t.Helper()
	got := p.unnamed(strings.Join(p.answers, "\n")) + "\n"
	if *update && !strings.Contains(sec.text, "…") {
		sec.text = got
	}
	if !matches(strings.Split(strings.TrimSpace(sec.text), "\n"), strings.Split(strings.TrimSpace(got), "\n")) {
		p.t.Errorf("the CPE answered\n%swant\n%s", got, sec.text)
	}
}

// matches compares lines; "…" stands for any lines.
func matches(want, got []string) bool {
	for i, w := range want {
		if strings.TrimSpace(w) == "…" {
			for j := 0; j <= len(got); j++ {
				if matches(want[i+1:], got[j:]) {
					return true
				}
			}
			return false
		}
		if len(got) == 0 || strings.TrimSpace(got[0]) != strings.TrimSpace(w) {
			return false
		}
		got = got[1:]
	}
	return len(got) == 0
}

func (p *play) wantKnock(who, want string) {
	p.t.Helper()
	user, password, _ := strings.Cut(who, " ")
	if want == "closed" {
		p.eventually("the port is closed", func() bool { return p.knock(user, password) == want })
	} else if got := p.knock(user, password); got != want {
		p.t.Errorf("the connection request of %s was answered with %s, want %s", user, got, want)
	}
}

func (p *play) wantFile(sec *section) {
	p.t.Helper()
	got := p.read(strings.TrimPrefix(sec.name, "router/"))
	if *update {
		sec.text = got
	}
	if strings.TrimSpace(got) != strings.TrimSpace(sec.text) {
		p.t.Errorf("%s afterwards:\n%s\nwant\n%s", sec.name, got, sec.text)
	}
}

func rewrite(t *testing.T, file string, sections []section) {
	title, _ := parseScenario(t, file)
	var b bytes.Buffer
	b.WriteString(title)
	for _, s := range sections {
		fmt.Fprintf(&b, "-- %s --\n%s", s.name, s.text)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantCall wants OBJECT.METHOD {json} among the calls the bus got; reloads come a little after the session.
func (s *stage) wantCall(line string) {
	s.t.Helper()
	unwanted := strings.HasPrefix(line, "!")
	want := strings.TrimPrefix(line, "!")
	called := func() bool {
		for _, c := range s.router.Bus().Calls() {
			args, _ := c.Args.MarshalJSON()
			if fmt.Sprintf("%s.%s %s", c.Object, c.Method, args) == want {
				return true
			}
		}
		return false
	}
	if unwanted {
		if called() {
			s.t.Errorf("the bus was called: %s", want)
		}
		return
	}
	s.eventually("the bus is called: "+want, called)
}

func (p *play) wantCommands(sec *section) {
	p.t.Helper()
	var got []string
	want := sec.lines()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) { // some come a little after the session
		all, err := p.router.Commands()
		if err != nil {
			p.t.Fatal(err)
		}
		got = slices.DeleteFunc(all, func(c string) bool { return strings.HasPrefix(c, "service ") })
		switch {
		case slices.EqualFunc(got, want, strings.HasPrefix):
			return
		case len(got) > len(want) || time.Now().After(deadline):
			p.t.Errorf("the router was told to run %q, want %q", got, want)
			return
		}
	}
}

// edit changes a file of the router and tells procd, as uci commit and reload_config do.
func (s *stage) edit(name string, lines []string) {
	s.t.Helper()
	text := s.read(name)
	for _, line := range lines {
		if added, ok := strings.CutPrefix(line, "+"); ok {
			text += added + "\n"
			continue
		}
		var parts []string
		if len(line) > 1 {
			parts = strings.Split(line[1:], line[1:2])
		}
		if len(parts) != 4 || line[0] != 's' || !strings.Contains(text, parts[1]) {
			s.t.Fatalf("edit %s: %q changes nothing", name, line)
		}
		text = strings.Replace(text, parts[1], parts[2], 1)
	}
	s.write(name, text)
	if pkg, ok := strings.CutPrefix(name, "etc/config/"); ok {
		s.tell(pkg)
	}
}
