package source

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// usersTable are the accounts of Device.Users.: /etc/passwd, /etc/shadow and /etc/group, and rpcd's logins, which
// mostly refer to them. What no field of ours is about stays as it is in these files.
var usersTable = []named{
	{"users.user", &Func{Rows: userRows, Add: addUser, Delete: deleteUser, Get: getUser, Set: setUser, Hook: hookUser}},
	{"users.group", &Func{Rows: groupRows, Add: addGroup, Delete: deleteGroup, Get: getGroup, Set: setGroup}},
	{"users.shell", &Func{Rows: shellRows}},
	{"users.root", &Func{Get: getRoot, Set: setRoot}},
}

const (
	passwdFile = "/etc/passwd"
	shadowFile = "/etc/shadow"
	groupFile  = "/etc/group"
	nobody     = "65534" // the user and the group of those who have none
	noShell    = "/bin/false"
	newName    = "cwmp_new_" // begins what accounts are called until the ACS names them
	firstID    = 1000        // below are those of the system
	lastID     = 65533
)

// record is a line of fields with colons between.
type record struct {
	file *textFile
	at   int
	f    []string
}

// records lists the lines of a file that have at least n fields.
func (r *Reader) records(name string, n int) (out []record) {
	file := r.textFile(name)
	for i, line := range file.lines {
		if f := strings.Split(line, ":"); len(f) >= n && f[0] != "" && f[0][0] != '#' && f[0][0] != '+' && f[0][0] != '-' {
			out = append(out, record{file, i, f})
		}
	}
	return out
}

// record is the line of that name, without fields where there is none.
func (r *Reader) record(file, name string, n int) record {
	for _, rec := range r.records(file, n) {
		if rec.f[0] == name {
			return rec
		}
	}
	return record{}
}

func (r *Reader) passwd(name string) record { return r.record(passwdFile, name, 7) }

func (rec record) set(field int, value string) {
	rec.f[field] = value
	rec.file.set(rec.at, strings.Join(rec.f, ":"))
}

// static reports whether a user or a group belongs to the system.
func (rec record) static() bool {
	id, err := strconv.Atoi(rec.f[2])
	return err != nil || id < firstID || id > lastID
}

// idRows makes rows of the records of a file.
func (r *Reader) idRows(name string, n int) []model.Row {
	var rows []model.Row
	for _, rec := range r.records(name, n) {
		rows = append(rows, model.Row{Key: rec.f[0], Place: name + ":" + strconv.Itoa(rec.at)})
	}
	return rows
}

func userRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return r.idRows(passwdFile, 7), nil
}

func shellRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	var rows []model.Row
	for _, line := range r.textFile("/etc/shells").lines {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "/") {
			rows = append(rows, model.Row{Key: line})
		}
	}
	return rows, nil
}

// freeID is the first number from 1000 that no record of the file has.
func (r *Reader) freeID(file string, n int) string {
	for id := firstID; id <= lastID; id++ {
		text := strconv.Itoa(id)
		if !slices.ContainsFunc(r.records(file, n), func(rec record) bool { return rec.f[2] == text }) {
			return text
		}
	}
	return ""
}

// addUser makes an account that nobody can use: no name of its own, no password, no shell, nobody's group.
func addUser(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name, id := newName+strconv.FormatUint(uint64(n), 10), r.freeID(passwdFile, 7)
	if r.passwd("root").f == nil || id == "" {
		return model.Row{}, refused("there is no place for another user")
	}
	file := r.textFile(passwdFile)
	file.add(name + ":x:" + id + ":" + nobody + "::/:" + noShell)
	r.textFile(shadowFile).add(name + ":!:" + r.today() + ":0:99999:7:::")
	return model.Row{Key: name, Place: passwdFile + ":" + strconv.Itoa(r.passwd(name).at)}, nil
}

// today is the day as /etc/shadow counts, "0" while the clock is not set: then nobody is told that a password is old.
func (r *Reader) today() string {
	if box := r.Box(); box == nil || !box.ClockSet() {
		return "0"
	}
	return strconv.FormatInt(time.Now().Unix()/86400, 10)
}

// deleteUser takes with it the password, the memberships and the logins at rpcd.
func deleteUser(_ context.Context, r *Reader, row *model.Row) error {
	u := r.passwd(row.Key)
	if u.f == nil {
		return nil
	}
	if u.static() {
		return refused("%s belongs to the system", row.Key)
	}
	u.file.set(u.at, goneLine)
	if s := r.record(shadowFile, row.Key, 2); s.f != nil {
		s.file.set(s.at, goneLine)
	}
	r.renameMember(row.Key, "")
	return r.renameLogins(row.Key, "")
}

// renameLogins does the same to rpcd's logins, whose password $p$NAME is that of the system's user.
func (r *Reader) renameLogins(from, to string) error {
	p := r.UCI("rpcd")
	if p == nil {
		return nil
	}
	for _, s := range slices.Clone(p.OfType("login")) {
		var err error
		switch {
		case s.Get("username") != from:
		case to == "":
			err = r.removeSection("rpcd", s.Name)
		default:
			name := s.Name
			if s.Get("password") == "$p$"+from {
				err = r.uciSet("rpcd", name, "password", "$p$"+to)
			}
			if err == nil {
				err = r.uciSet("rpcd", name, "username", to)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hash is where the password of a user stands, and its hash: in /etc/shadow unless /etc/passwd has one.
func (r *Reader) hash(u record) (record, string) {
	if u.f == nil {
		return u, "!"
	}
	if u.f[1] != "x" {
		return u, u.f[1]
	}
	if s := r.record(shadowFile, u.f[0], 2); s.f != nil {
		return s, s.f[1]
	}
	return record{}, "!"
}

// locked reports whether no password can fit a hash. An empty hash fits the empty password.
func locked(hash string) bool { return hash != "" && (hash[0] == '!' || hash[0] == '*') }

func getUser(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	u := r.passwd(row.Key)
	if u.f == nil || len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "enable":
		_, hash := r.hash(u)
		return digit(!locked(hash)), nil
	case "id":
		return u.f[2], nil
	case "name":
		return shownName(row.Key), nil
	case "static":
		return digit(u.static()), nil
	case "shell":
		return u.f[6], nil
	case "groups":
		return joinList(r.groupsOf(u)), nil
	}
	return "", nil // the password
}

func shownName(name string) string {
	if strings.HasPrefix(name, newName) {
		return ""
	}
	return name
}

// validAccount is what busybox' adduser takes, too.
func validAccount(name string) bool {
	if name == "" || len(name) > 31 || strings.HasPrefix(name, newName) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// rename checks and writes what is common to users and groups: field 0 is the name, 2 the number.
func (r *Reader) rename(file string, n int, rec record, field int, value string) error {
	if rec.static() {
		return refused("%s belongs to the system", rec.f[0])
	}
	if id, err := strconv.Atoi(value); field == 2 && (err != nil || id < firstID || id > lastID) {
		return model.Errorf(model.BadValue, "want a number from %d to %d", firstID, lastID)
	}
	if field == 0 && !validAccount(value) {
		return model.Errorf(model.BadValue, "want a name of small letters, digits, - and _")
	}
	if slices.ContainsFunc(r.records(file, n), func(o record) bool { return o.f[field] == value }) {
		return model.Errorf(model.BadValue, "somebody else has it")
	}
	rec.set(field, value)
	return nil
}

func setUser(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	u := r.passwd(row.Key)
	if u.f == nil {
		return refused("there is no user %s", row.Key)
	}
	switch args[0] {
	case "enable":
		return nil // the hook knows whether there is a password by then
	case "password":
		return r.setPassword(u, value)
	case "id":
		return r.rename(passwdFile, 7, u, 2, value)
	case "name":
		return r.renameUser(row, u, value)
	case "shell":
		if u.static() {
			return refused("%s belongs to the system", row.Key)
		}
		if value == "" {
			value = noShell
		}
		u.set(6, value)
		return nil
	}
	return r.setGroups(u, value)
}

func (r *Reader) renameUser(row *model.Row, u record, name string) error {
	s, _ := r.hash(u)
	old := row.Key
	if err := r.rename(passwdFile, 7, u, 0, name); err != nil {
		return err
	}
	if s.f != nil && s.file != u.file {
		s.set(0, name)
	}
	r.renameMember(old, name)
	row.Key = name
	return r.renameLogins(old, name)
}

// setPassword writes the hash of a password. A disabled user stays so: his hash gets the "!" before it. A login at rpcd
// that had a password of its own has the user's from now on.
func (r *Reader) setPassword(u record, password string) error {
	if strings.ContainsFunc(password, func(c rune) bool { return c < ' ' || c == 127 }) {
		return model.Errorf(model.BadValue, "a password cannot hold control characters")
	}
	s, hash := r.hash(u)
	if s.f == nil {
		return refused("%s has no line in %s", u.f[0], shadowFile)
	}
	if off := locked(hash); !hashFits(strings.TrimPrefix(hash, "!"), password) {
		hash = newHash(password)
		if off {
			hash = "!" + hash
		}
		s.set(1, hash)
		if s.file != u.file && len(s.f) > 2 {
			s.set(2, r.today())
		}
	}
	p := r.UCI("rpcd")
	if p == nil {
		return nil
	}
	for _, l := range p.OfType("login") {
		if name := u.f[0]; l.Get("username") == name && l.Get("password") != "$p$"+name {
			if err := r.uciSet("rpcd", l.Name, "password", "$p$"+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// hookUser switches a user on or off, once the password of the same request is known. Off is the "!" of passwd -l.
func hookUser(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	enable, ok := changed["Enable"]
	u := r.passwd(row.Key)
	if !ok || u.f == nil {
		return nil
	}
	s, hash := r.hash(u)
	on := yes(enable, false)
	switch {
	case on == !locked(hash):
	case s.f == nil:
		return at("Enable", model.Refused, "%s has no line in %s", row.Key, shadowFile)
	case !on:
		s.set(1, "!"+hash)
	case shownName(row.Key) == "":
		return at("Enable", model.BadValue, "the user has no Username")
	case len(hash) < 2 || locked(hash[1:]):
		return at("Enable", model.BadValue, "the user has no Password")
	default:
		s.set(1, hash[1:])
	}
	return nil
}

// getRoot answers `call users.root FIELD`: whether the administrator needs a password, or nothing for the password itself.
func getRoot(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	if args[0] == "required" {
		_, hash := r.hash(r.passwd("root"))
		return digit(hash != ""), nil
	}
	return "", nil
}

// setRoot sets the administrator's password, or for `reset` takes the one that the firmware came with.
func setRoot(_ context.Context, r *Reader, _ *model.Row, args []string, value string) error {
	u := r.passwd("root")
	if u.f == nil {
		return refused("there is no user root")
	}
	if args[0] != "reset" {
		return r.setPassword(u, value)
	}
	rom := r.record("/rom"+shadowFile, "root", 2)
	s, _ := r.hash(u)
	if rom.f == nil || s.f == nil {
		return refused("what the firmware came with is not known")
	}
	for i := 1; i < min(3, len(rom.f), len(s.f)) && s.file != u.file || i == 1; i++ { // the hash, and the day it is from
		s.set(i, rom.f[i])
	}
	return nil
}
