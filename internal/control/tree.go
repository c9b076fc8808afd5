package control

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/ubus"
)

// pathsOf returns the paths that a call names; a call that names none means everything, "".
func pathsOf(args ubus.Value) []string {
	paths := []string{}
	if args.Get("path").Exists() || !args.Get("paths").Exists() {
		paths = append(paths, args.Get("path").Text())
	}
	for _, p := range args.Get("paths").All() {
		paths = append(paths, p.Text())
	}
	return paths
}

func skipOf(args ubus.Value) (int, error) {
	n, ok := args.Get("skip").Int()
	if args.Get("skip").Exists() && (!ok || n < 0 || n > 1<<30) {
		return 0, badArgument("skip is a number of parameters")
	}
	return int(n), nil
}

func (s *Server) get(ctx context.Context, args ubus.Value) (any, error) {
	skip, err := skipOf(args)
	if err != nil {
		return nil, err
	}
	params, err := s.door.Get(ctx, pathsOf(args))
	return pageOf(params, skip, Param.size), err
}

func (s *Server) names(ctx context.Context, args ubus.Value) (any, error) {
	skip, err := skipOf(args)
	if err != nil {
		return nil, err
	}
	names, err := s.door.Names(ctx, args.Get("path").Text(), args.Get("next_level").Bool())
	return pageOf(names, skip, Name.size), err
}

// attrs reads attributes, or sets Notification when it is given.
func (s *Server) attrs(ctx context.Context, args ubus.Value) (any, error) {
	if v := args.Get("notification"); v.Exists() {
		n, ok := v.Int()
		if !ok || n < 0 || n > 6 {
			return nil, badArgument("notification is a number from 0 to 6")
		}
		return map[string]any{}, s.door.SetAttrs(ctx, pathsOf(args), int(n))
	}
	skip, err := skipOf(args)
	if err != nil {
		return nil, err
	}
	attrs, err := s.door.Attrs(ctx, pathsOf(args))
	return pageOf(attrs, skip, Attr.size), err
}

func (p Param) size() int { return len(p.Path) + len(p.Value) }
func (n Name) size() int  { return len(n.Path) }
func (a Attr) size() int  { return len(a.Path) + len(strings.Join(a.AccessList, "....")) }

func (s *Server) set(ctx context.Context, args ubus.Value) (any, error) {
	var values [][2]string
	if path := args.Get("path").Text(); path != "" {
		if !args.Get("value").Exists() {
			return nil, badArgument("path without value")
		}
		values = append(values, [2]string{path, args.Get("value").Text()})
	}
	for path, value := range args.Get("values").All() {
		if k := value.Kind(); k == ubus.KindTable || k == ubus.KindArray {
			return nil, badArgument("the value of " + strconv.Quote(path) + " is neither text nor number")
		}
		values = append(values, [2]string{path, value.Text()})
	}
	if len(values) == 0 {
		return nil, badArgument("nothing to set: path and value, or values")
	}
	if err := s.made(s.door.Set(ctx, values)); err != nil {
		return nil, err
	}
	s.log.Info("values were set on ubus", "number", len(values))
	return map[string]any{}, nil
}

// made drops an ApplyError: the change is made, and status names what is owed.
func (s *Server) made(err error) error {
	if errors.As(err, new(*ApplyError)) {
		s.log.Warn("a change was made on ubus", "err", err)
		return nil
	}
	return err
}

// added is the answer of add.
type added struct {
	Instance int    `json:"instance"`
	Path     string `json:"path"`
}

func (s *Server) add(ctx context.Context, args ubus.Value) (any, error) {
	path, err := s.door.Add(ctx, args.Get("path").Text())
	if err = s.made(err); err != nil {
		return nil, err
	}
	s.log.Info("an instance was added on ubus", "path", path)
	return added{Instance: instanceOf(path), Path: path}, nil
}

// instanceOf returns the number at the end of a row's path.
func instanceOf(path string) int {
	path = strings.TrimSuffix(path, ".")
	n, _ := strconv.Atoi(path[strings.LastIndexByte(path, '.')+1:])
	return n
}

func (s *Server) del(ctx context.Context, args ubus.Value) (any, error) {
	paths := pathsOf(args)
	if err := s.made(s.door.Delete(ctx, paths)); err != nil {
		return nil, err
	}
	s.log.Info("instances were deleted on ubus", "paths", paths)
	return map[string]any{}, nil
}
