package cwmp

import (
	"context"
	"errors"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
)

// errNoNotify is for a CPE that was built without a Watcher.
var errNoNotify = errors.New("nobody keeps attributes")

const maxEntity = 64 // characters of one entity of an AccessList

// setParameterAttributes changes notification and access, all or none (3.5).
func (s *session) setParameterAttributes(ctx context.Context, args *soap.Args) error {
	members := args.Structs("ParameterList", "SetParameterAttributesStruct")
	set := make([]notify.SetAttr, 0, len(members))
	for i := range members {
		set = append(set, readSetAttr(&members[i]))
		members[i].Done()
	}
	if err := args.Err(); err != nil {
		return err
	}
	if len(set) == 0 {
		return faultf(invalidArguments, "ParameterList is empty")
	}
	for _, a := range set {
		if a.Notification != nil && *a.Notification > 2 && s.version < 4 {
			return faultf(invalidArguments, "lightweight notifications came with CWMP 1.4")
		}
	}
	if s.cpe.cfg.Notify == nil {
		return errNoNotify
	}
	if err := s.cpe.cfg.Notify.SetAttributes(ctx, set); err != nil {
		return err
	}
	s.enc.Empty("SetParameterAttributesResponse")
	return nil
}

// readSetAttr reads a value only where its …Change says so: GenieACS leaves the others empty.
func readSetAttr(m *soap.Member) notify.SetAttr {
	a := notify.SetAttr{Path: m.String("Name", maxPath)}
	if m.Bool("NotificationChange") {
		n := m.Int("Notification", 0, 6)
		a.Notification = &n
	}
	if m.Bool("AccessListChange") {
		list := m.Strings("AccessList", maxEntity)
		a.AccessList = &list
	}
	return a
}

// getParameterAttributes reads the attributes of names and partial paths; objects have none.
func (s *session) getParameterAttributes(ctx context.Context, args *soap.Args) error {
	names, err := parameterNames(args)
	if err != nil {
		return err
	}
	if s.cpe.cfg.Notify == nil {
		return errNoNotify
	}
	tx, err := s.begin(ctx, model.FromACS)
	if err != nil {
		return err
	}
	defer tx.Close()
	if err := checkNames(ctx, tx, names); err != nil {
		return err
	}
	s.enc.Open("GetParameterAttributesResponse")
	s.enc.List("ParameterList", "cwmp:ParameterAttributeStruct")
	first := onlyOnce(names)
	for _, name := range model.Cover(names) {
		err := tx.Names(ctx, name, false, func(n model.Name) error {
			if n.Object || !first(n.Path) {
				return nil
			}
			return s.writeAttribute(n)
		})
		if err != nil {
			return err
		}
	}
	s.enc.EndList()
	s.enc.Close()
	return nil
}

func (s *session) writeAttribute(n model.Name) error {
	a := s.cpe.cfg.Notify.Attr(n.Numbered())
	level := a.Notification
	if s.version < 4 {
		level = [...]int{0, 1, 2, 0, 1, 0, 1}[level] // what such an ACS knows of it: 4 and 6 are passive as well
	}
	s.enc.ParameterAttribute(n.Path, level, a.AccessList)
	return s.checkSize()
}
