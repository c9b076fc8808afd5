package cwmp

import (
	"context"
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

// getParameterValues reads names and partial paths (3.3). Overlapping ones are answered once; every one must be known,
// also when another covers it. That, the limits of Parse and the size of the answer are the work budget of an ACS
// which asks for the whole tree a hundred thousand times (Z-25).
func (s *session) getParameterValues(ctx context.Context, args *soap.Args) error {
	names, err := parameterNames(args)
	if err != nil {
		return err
	}
	tx, err := s.begin(ctx, model.FromACS)
	if err != nil {
		return err
	}
	defer tx.Close()
	if err := checkNames(ctx, tx, names); err != nil {
		return err
	}
	s.enc.Open("GetParameterValuesResponse")
	s.enc.List("ParameterList", "cwmp:ParameterValueStruct")
	first := onlyOnce(names)
	for _, name := range model.Cover(names) {
		err := tx.Get(ctx, name, func(p *model.Param) error {
			if !first(p.Path) {
				return nil
			}
			s.writeValue(p)
			return s.checkSize()
		})
		if err != nil {
			return err
		}
	}
	s.enc.EndList()
	s.enc.Close()
	return nil
}

// parameterNames reads the one argument of GetParameterValues and GetParameterAttributes.
func parameterNames(args *soap.Args) ([]string, error) {
	names := args.Strings("ParameterNames", maxPath)
	if err := args.Err(); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, faultf(invalidArguments, "ParameterNames is empty")
	}
	return names, nil
}

// onlyOnce tells for each path whether it is the first time. Names without aliases and wildcards need no memory for that:
// Cover has seen to it.
func onlyOnce(names []string) (first func(path []byte) bool) {
	if !slices.ContainsFunc(names, func(name string) bool { return strings.ContainsAny(name, "*[") }) {
		return func([]byte) bool { return true }
	}
	seen := map[string]bool{}
	return func(path []byte) bool {
		if seen[string(path)] {
			return false
		}
		seen[string(path)] = true
		return true
	}
}

// checkNames asks for each different name once whether the tree knows it.
func checkNames(ctx context.Context, tx *model.Tx, names []string) error {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := tx.Check(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// writeValue encodes a parameter; a hidden one is an empty string whatever its type.
func (s *session) writeValue(p *model.Param) {
	if p.Hidden {
		s.enc.ParameterValue(p.Path, "string", "")
		return
	}
	s.enc.ParameterValue(p.Path, p.Type.XSD(), p.Value)
}
