package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

func (r *Reader) group(name string) record { return r.record(groupFile, name, 4) }

func groupRows(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	return r.idRows(groupFile, 4), nil
}

func addGroup(_ context.Context, r *Reader, _ *model.Row, n uint32, _ []string) (model.Row, error) {
	name, id := newName+strconv.FormatUint(uint64(n), 10), r.freeID(groupFile, 4)
	if id == "" {
		return model.Row{}, refused("there is no place for another group")
	}
	r.textFile(groupFile).add(name + ":x:" + id + ":")
	return model.Row{Key: name, Place: groupFile + ":" + strconv.Itoa(r.group(name).at)}, nil
}

// deleteGroup leaves those whose own group it was to nobody's.
func deleteGroup(_ context.Context, r *Reader, row *model.Row) error {
	g := r.group(row.Key)
	if g.f == nil {
		return nil
	}
	if g.static() {
		return refused("%s belongs to the system", row.Key)
	}
	r.moveGroup(g.f[2], nobody)
	g.file.set(g.at, goneLine)
	return nil
}

func (r *Reader) moveGroup(from, to string) {
	for _, u := range r.records(passwdFile, 7) {
		if u.f[3] == from {
			u.set(3, to)
		}
	}
}

// renameMember writes another name into all groups that a user is in; no name takes him out.
func (r *Reader) renameMember(from, to string) {
	for _, g := range r.records(groupFile, 4) {
		members := splitMembers(g.f[3])
		i := slices.Index(members, from)
		if i < 0 {
			continue
		}
		if members[i] = to; to == "" {
			members = slices.Delete(members, i, i+1)
		}
		g.set(3, strings.Join(members, ","))
	}
}

func splitMembers(field string) []string {
	return strings.FieldsFunc(field, func(c rune) bool { return c == ',' })
}

// groupsOf names a user's own group, unless it is nobody's, and then those that he is a member of.
func (r *Reader) groupsOf(u record) (own []string) {
	var more []string
	for _, g := range r.records(groupFile, 4) {
		switch {
		case g.f[2] == u.f[3] && len(own) == 0:
			if g.f[2] != nobody {
				own = append(own, g.f[0])
			}
		case slices.Contains(splitMembers(g.f[3]), u.f[0]):
			more = append(more, g.f[0])
		}
	}
	return append(own, more...)
}

func getGroup(_ context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	g := r.group(row.Key)
	if g.f == nil || len(args) != 1 {
		return "", nil
	}
	switch args[0] {
	case "id":
		return g.f[2], nil
	case "name":
		return shownName(row.Key), nil
	}
	return digit(g.static()), nil
}

// setGroups makes the first group the user's own, and him a member of the others.
func (r *Reader) setGroups(u record, value string) error {
	if u.static() {
		return refused("%s belongs to the system", u.f[0])
	}
	names, isList := splitList(value)
	if !isList && value != "" {
		names = []string{value}
	}
	own := nobody
	for i, name := range names {
		g := r.group(name)
		if g.f == nil {
			return model.Errorf(model.BadValue, "there is no group %s", name)
		}
		if i == 0 {
			own = g.f[2]
		}
	}
	u.set(3, own)
	r.renameMember(u.f[0], "")
	for _, g := range r.records(groupFile, 4) {
		if i := slices.Index(names, g.f[0]); i > 0 {
			g.set(3, strings.Join(append(splitMembers(g.f[3]), u.f[0]), ","))
		}
	}
	return nil
}

func setGroup(_ context.Context, r *Reader, row *model.Row, args []string, value string) error {
	g := r.group(row.Key)
	if g.f == nil {
		return refused("there is no group %s", row.Key)
	}
	old := g.f[2]
	if args[0] == "id" {
		err := r.rename(groupFile, 4, g, 2, value)
		if err == nil {
			r.moveGroup(old, value)
		}
		return err
	}
	err := r.rename(groupFile, 4, g, 0, value)
	if err == nil {
		row.Key = value
	}
	return err
}
