package datamodel_test

import (
	"os"
	"strings"
	"testing"
)

// shadowOf is the hash of a user.
func (l *lan) shadowOf(name string) string {
	l.t.Helper()
	data, err := os.ReadFile(l.router.Path("etc/shadow"))
	if err != nil {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); f[0] == name {
			return f[1]
		}
	}
	return "none"
}

// TestPasswords: a password is a salted hash in /etc/shadow, which keeps its mode; it is never read back, and a disabled user
// stays disabled with it.
func TestPasswords(t *testing.T) {
	l := newLAN(t)
	user := ""
	for path, v := range l.all("Device.Users.User.") {
		if v == "support" && strings.HasSuffix(path, ".Username") {
			user = strings.TrimSuffix(path, "Username")
		}
	}
	l.set(user+"Password", "first")
	first := l.shadowOf("support")
	if !strings.HasPrefix(first, "!$6$") || l.value(user+"Enable") != "false" {
		t.Errorf("a disabled user with a password has %q", first)
	}
	l.set(user+"Password", "first")
	if again := l.shadowOf("support"); again != first {
		t.Errorf("the same password made %q of %q", again, first)
	}
	l.set(user+"Enable", "true")
	if on := l.shadowOf("support"); on != first[1:] {
		t.Errorf("enabled, the hash is %q, want %q", on, first[1:])
	}
	l.set(user+"Password", "2nd-secret", user+"Enable", "false")
	if off := l.shadowOf("support"); !strings.HasPrefix(off, "!$6$") || off == first {
		t.Errorf("disabled with a new password, the hash is %q", off)
	}
	l.set(user+"Username", "helper")
	if l.shadowOf("support") != "none" || !strings.HasPrefix(l.shadowOf("helper"), "!$6$") || l.value(user+"Username") != "helper" {
		t.Error("the renamed user lost his password or his row")
	}
	if st, err := os.Stat(l.router.Path("etc/shadow")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("etc/shadow: %v %v", st.Mode(), err)
	}
	if st, err := os.Stat(l.router.Path("etc/passwd")); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("etc/passwd: %v %v", st.Mode(), err)
	}
	for path, v := range l.all("Device.") {
		if strings.Contains(v, "2nd-secret") || strings.Contains(v, "$6$") {
			t.Errorf("%s shows a password: %q", path, v)
		}
	}
	l.remove(user)
	if l.shadowOf("helper") != "none" {
		t.Error("the deleted user's password is left")
	}
}

// TestUserAddedAndDeleted leaves all files as they were.
func TestUserAddedAndDeleted(t *testing.T) {
	l := newLAN(t)
	read := func() (all string) {
		for _, name := range []string{"etc/passwd", "etc/shadow", "etc/group", "etc/dropbear/authorized_keys", "etc/config/dropbear"} {
			data, _ := os.ReadFile(l.router.Path(name))
			all += string(data)
		}
		return all
	}
	before := read()
	user, group, key := l.add("Device.Users.User."), l.add("Device.Users.Group."), l.add("Device.SSH.AuthorizedKey.")
	l.set(user+"Username", "anna", group+"Groupname", "family", user+"Password", "a b:c", user+"Enable", "true")
	l.set(user+"GroupParticipation", strings.TrimSuffix(group, "."))
	if err := l.try(user+"Password", "two\nlines"); err == nil {
		t.Error("a password of two lines was taken")
	}
	for _, row := range []string{group, user, key} {
		l.remove(row)
	}
	if after := read(); after != before {
		t.Errorf("what is left:\n%s\nwant\n%s", after, before)
	}
}
