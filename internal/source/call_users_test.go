package source

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cwmpd/cwmpd/internal/model"
)

// The hashes are those of `openssl passwd -6`.
func TestSHA512Crypt(t *testing.T) {
	for _, c := range []struct{ password, salt, want string }{
		{"Hello world!", "saltstring", "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{"Hello world!", "0123456789abcdef", "borNQb4Q87VhdsvRUrkAIOI29SOnSTZO9jyfh/XM94.IMNGHlu0GpQpzVx3iZCsDJYlnrC7J6GaF9MVSlWdEi."},
		{"Hello world!", "x", "BjygRISyVAtJm0ZfNqLIK8RO4PjGdXNasEUxkueIs/m/XbUTF9uwPvjPEG117Ctw4wd9WjSv/UBqjRyXqzRh//"},
		{"a", "saltstring", "MO53nAXQUKXVLlsbiXyPgMsR6q10N7eF7sPvanwdXnEeCj5kE3eYaRvFv0wVW1UZ4SnNTzc1v4OCOq1ASDQZY0"},
		{"a", "0123456789abcdef", "qn2kMgR/Cs9pZI2hZfok3cbi0oHyRjH7NUyfGhPKp6EBvlZWbL3JMmASYlyEBxhP4jB3zti0119AKDkHdAVHI0"},
		{"a", "x", "6Zqbz8j5rMHIeJ1ujjjFXuZXSa/VORj.fVUEQcJc.rjR9.wCKlhZuymRQLtIEzcxNmqwX/fRNvM45BbvFayY51"},
		{"The quick brown fox jumps over the lazy dog, sixty-four characters", "saltstring", "w7JBcEOOn19naZWMtO1RFJY/GoHMiVwiRm8p7KSZwM3wwnDYp75S8C/NbPTPbcpFLo8HzcReZU1MFeIx4.2Ca0"},
		{"The quick brown fox jumps over the lazy dog, sixty-four characters", "0123456789abcdef", "SiCknFzzfgxWrDTOhdLjkWaz/68..pfCek2oFlXuKF7Ga38qRI3VUqQbTh8mFGUO8XSvlHBeaVH3hbJLIlFgJ."},
		{"The quick brown fox jumps over the lazy dog, sixty-four characters", "x", "Lx5buigGUqaFSKDPXRYsu4XgWYog2RGau38wyjOlnZcJln9nw6Oq2r4DYSUCaLiejZ8.Diollecvcb4Q14yqa/"},
		{"grüße", "saltstring", "/00oYO1sXp3K1RkgPhTOwQMmRg8/2/Fc6mrFUY1hfrsXPuuCRkyF0YzTwPibEgPbhnVAzzSF9kj1Fov963FAV."},
		{"grüße", "0123456789abcdef", "T7LImBCK0XBkFvdqV3IhPId14Fbnikq4YPrXlaCO/yuK2/l1N2/lAdkwwysPVIJSkYC2zBkPCEJVzPbWv7N/s0"},
		{"grüße", "x", "sCiDbTW13WG7g3O38DOHAULYvnfQGVSRbiEY4nOSyPmMSaqLBcgiaKIqeSUdKW7z48F01Rn8Tqh3uvl53opLU."},
	} {
		want := "$6$" + c.salt + "$" + c.want
		if got := sha512Crypt(c.password, c.salt); got != want {
			t.Errorf("%q with %q is\n%s, want\n%s", c.password, c.salt, got, want)
		}
		if !hashFits(want, c.password) || hashFits(want, c.password+"x") {
			t.Errorf("the hash of %q fits wrongly", c.password)
		}
	}
	a, b := newHash("secret"), newHash("secret")
	if a == b || !hashFits(a, "secret") || !hashFits(b, "secret") || len(a) != len("$6$")+16+1+86 {
		t.Errorf("two new hashes of a password are %s and %s", a, b)
	}
	for _, h := range []string{"", "!", "*", "$6$", "$6$x", "$1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx", "$6$" + strings.Repeat("s", 99) + "$x"} {
		if hashFits(h, "secret") {
			t.Errorf("%q fits a password", h)
		}
	}
}

func TestValidAccount(t *testing.T) {
	for name, want := range map[string]bool{
		"anna": true, "_svc-1": true, "": false, "root:x": false, "1st": false, "-x": false, "Anna": false, "a b": false, "a\nb": false,
		"cwmp_new_1": false, strings.Repeat("a", 31): true, strings.Repeat("a", 32): false, "ä": false, "..": false, "a/b": false,
	} {
		if got := validAccount(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// FuzzAccounts: whatever the files hold, reading them does not fail, and a change touches the lines it is about only.
func FuzzAccounts(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/ash\nanna:x:1000:1000::/:/bin/ash\n", "root::0:0:99999:7:::\nanna:!:1:0:::::\n", "anna:x:1000:\nusers:x:100:anna,bob\n")
	f.Add("root:x:0:0:root:/root:/bin/ash", "root:$1$a$b:0", "users:x:100:anna")
	f.Add("::::::\n#:x:1:1::::\nanna:*:x:y:z:/:\n+::::::\n\r\n", ":\n", ":::\n,:::,,\n")
	f.Fuzz(func(t *testing.T, passwd, shadow, group string) {
		rt := newRouter(t, map[string]string{"etc/passwd": passwd, "etc/shadow": shadow, "etc/group": group})
		r := newReader(rt.Router, nil)
		rows, _ := userRows(t.Context(), r, nil, nil)
		for i := range rows {
			for _, field := range []string{"enable", "id", "name", "groups", "shell", "static", "password"} {
				if v, err := getUser(t.Context(), r, &rows[i], []string{field}); err != nil || field == "password" && v != "" {
					t.Errorf("%s is %q, %v", field, v, err)
				}
			}
		}
		groups, _ := groupRows(t.Context(), r, nil, nil)
		for i := range groups {
			getGroup(t.Context(), r, &groups[i], []string{"id"})
		}
		r.wayIn()
		if got := string(r.textFile(passwdFile).text()); got != passwd {
			t.Errorf("reading made %q of %q", got, passwd)
		}
		if len(rows) == 0 || strings.Contains(passwd, "\x00") {
			return
		}
		before := strings.Split(passwd, "\n")
		if deleteUser(t.Context(), r, &rows[0]) != nil {
			return
		}
		after := strings.Split(string(r.textFile(passwdFile).text()), "\n")
		if len(after) != len(before)-1 {
			t.Errorf("deleting %q made %q of %q", rows[0].Key, after, before)
		}
		for _, line := range after {
			if !slices.Contains(before, line) {
				t.Errorf("deleting %q made a new line %q", rows[0].Key, line)
			}
		}
	})
}

const goodKey = "AAAAC3NzaC1lZDI1NTE5AAAAIFVXm1V4ltDOF2TEf+1kT5s19YutYgZ0ryPzVtgO0MUD"

func TestKeyBody(t *testing.T) {
	for line, want := range map[string]string{
		"ssh-ed25519 " + goodKey:                                       goodKey,
		"ssh-ed25519 " + goodKey + " anna at home":                     goodKey,
		"\tssh-ed25519\t" + goodKey:                                    goodKey,
		`no-pty,command="echo \"ssh-rsa x\"" ssh-ed25519 ` + goodKey:   goodKey,
		`command="a b ssh-ed25519 ` + goodKey:                          "",
		"ssh-rsa " + goodKey:                                           "", // another type inside
		"ssh-ed25519 " + goodKey[:40]:                                  "",
		"ssh-ed25519":                                                  "",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5":                             "", // a type and no key
		"ssh-ed25519 AAAA":                                             "",
		"ssh-dss AAAAB3NzaC1kc3MAAACB":                                 "",
		"# ssh-ed25519 " + goodKey:                                     "",
		"ssh-ed25519 " + goodKey + "\nssh-ed25519 " + goodKey + " two": "",
		"ssh-ed25519 " + goodKey + "\x00":                              "",
		"ssh-ed25519 " + goodKey + strings.Repeat(" x", 2100):          "",
		"": "",
	} {
		if got := keyBody(line); got != want {
			t.Errorf("%q has the key %q, want %q", line, got, want)
		}
	}
}

// FuzzAuthorizedKey: what is taken for a key stays one line, and reads as it was written.
func FuzzAuthorizedKey(f *testing.F) {
	f.Add("# old\nssh-ed25519 "+goodKey+" x\n", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFTQDYZ3WM74FrxGhfWOMnuUlxKwfr0Xw0hfP/yen1Ez")
	f.Add("no newline", `from="10.0.0.0/8" ssh-ed25519 `+goodKey)
	f.Fuzz(func(t *testing.T, before, value string) {
		if !utf8.ValidString(value) || strings.Contains(before, "\x00") {
			return
		}
		rt := newRouter(t, map[string]string{"etc/dropbear/authorized_keys": before})
		r := newReader(rt.Router, nil)
		if _, err := addAuthorizedKey(t.Context(), r, nil, 7, nil); err != nil {
			t.Fatal(err)
		}
		rows, _ := keyRows(t.Context(), r, nil, nil)
		row := &rows[len(rows)-1]
		if setAuthorizedKey(t.Context(), r, row, nil, value) != nil {
			return
		}
		if got, _ := getAuthorizedKey(t.Context(), r, row, nil); got != strings.TrimSpace(value) {
			t.Errorf("%q reads %q", value, got)
		}
		have := strings.Count(before, "\n")
		if before != "" && !strings.HasSuffix(before, "\n") {
			have++
		}
		after := string(r.textFile(keysFile).text())
		if strings.Count(after, "\n") != have+1 || !strings.HasPrefix(after, strings.TrimSuffix(before, "\n")) {
			t.Errorf("%q and %q became %q", before, value, after)
		}
	})
}

// A file that somebody else changed since it was read is not written over.
func TestChangedFileIsBusy(t *testing.T) {
	rt := newRouter(t, map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/ash\n", "etc/shadow": "root:$1$a$b:0:0:99999:7:::\n"})
	r := newReader(rt.Router, nil)
	if err := setRoot(t.Context(), r, nil, []string{"password"}, "new"); err != nil {
		t.Fatal(err)
	}
	p, err := r.Prepare(t.Context())
	if err != nil || len(p.Files) != 1 || !strings.HasPrefix(string(p.Files[0].Data), "root:$6$") {
		t.Errorf("prepared %v, %v", p.Files, err)
	}
	writeFile(t, rt.root, "etc/shadow", "root:$1$c$d:0:0:99999:7:::\n")
	var pe *model.ParamError
	if _, err := r.Prepare(t.Context()); !errors.As(err, &pe) || pe.Reason != model.Busy {
		t.Errorf("a file that changed meanwhile: %v", err)
	}
}

// What is broken reads empty or as nothing, and is no error.
func TestBrokenAccountsAndServices(t *testing.T) {
	rt := newRouter(t, map[string]string{
		"etc/passwd": "root:x\n\x00\x01\nroot:x:zero:0:r:/:/bin/ash\n", "etc/group": "root", "etc/config/dropbear": "config dropbear\n\toption Port 'x'\n",
		"etc/config/uhttpd": "config uhttpd 'main'\n\tlist listen_http ''\n\tlist listen_http ':'\n", "proc/net/tcp": "garbage\n 0: x:y z\n",
	})
	r := newReader(rt.Router, nil)
	users, err := userRows(t.Context(), r, nil, nil)
	if err != nil || len(users) != 1 {
		t.Fatalf("users %v, %v", users, err)
	}
	for _, field := range []string{"enable", "id", "groups", "shell", "static"} {
		if _, err := getUser(t.Context(), r, &users[0], []string{field}); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := setUser(t.Context(), r, &users[0], []string{"password"}, "x"); err == nil {
		t.Error("a password was set that has no place")
	}
	if v, err := getRoot(t.Context(), r, nil, []string{"required"}); v != "1" || err != nil {
		t.Errorf("without a hash nobody can log in: required is %q, %v", v, err)
	}
	if r.wayIn() || r.serviceEnabled("dropbear") || rt.get(t, r, "call service.status dropbear", nil) != "Disabled" {
		t.Error("there is a way in")
	}
	server := rt.rows(t, r, "uci dropbear.@dropbear", nil)
	for _, call := range []string{"call ssh.server status", "call ssh.server pid", "call ssh.server since", "call ssh.server interface"} {
		rt.get(t, r, call, &server[0])
	}
	rt.rows(t, r, "call ssh.sessions", &server[0])
	for _, row := range rt.rows(t, r, "call ui.listener", nil) {
		for _, field := range []string{"enable", "port", "protocol", "interface", "access"} {
			rt.get(t, r, "call ui.listener.value "+field, &row)
		}
	}
}
