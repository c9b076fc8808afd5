package cwmp

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

// getParameterValues reads names and partial paths (3.3). Overlapping ones are answered once; every one must be known,
// also when another covers it. That, the limits of Parse and the size of the answer are the work budget of an ACS
// which asks for the whole tree a hundred thousand times (Z-25).
func (s *session) getParameterValues(ctx context.Context, args *soap.Args) error {
	names := args.Strings("ParameterNames", maxPath)
	if err := args.Err(); err != nil {
		return err
	}
	if len(names) == 0 {
		return faultf(invalidArguments, "ParameterNames is empty")
	}
	tx, err := s.cpe.cfg.Tree.Begin(ctx, model.FromACS)
	if err != nil {
		return err
	}
	defer tx.Close()
	if err := checkNames(ctx, tx, names); err != nil {
		return err
	}
	s.enc.Open("GetParameterValuesResponse")
	s.enc.List("ParameterList", "cwmp:ParameterValueStruct")
	for _, name := range model.Cover(names) {
		err := tx.Get(ctx, name, func(p *model.Param) error {
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
	s.enc.ParameterValue(p.Path, xsdType(p.Type), p.Value)
}

// xsdType names a type in the namespace of XML Schema, where base64 is called base64Binary.
func xsdType(b model.Base) string {
	switch b {
	case model.BaseAny:
		return "string"
	case model.BaseBase64:
		return "base64Binary"
	}
	return b.String()
}
