package cwmp

import (
	"context"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

const maxPath = 256 // characters of a name or path

// errTooLarge: the answer would be larger than we send; it is never cut.
var errTooLarge error = &rpcFault{code: resourcesExceeded, detail: "the answer is too large"}

// getParameterNames lists names below a path (3.4). What the path may be, and that NextLevel of a parameter is a wrong
// argument, is the tree's knowledge.
func (s *session) getParameterNames(ctx context.Context, args *soap.Args) error {
	path := args.String("ParameterPath", maxPath)
	nextLevel := args.Bool("NextLevel")
	if err := args.Err(); err != nil {
		return err
	}
	tx, err := s.begin(ctx, model.FromACS)
	if err != nil {
		return err
	}
	defer tx.Close()
	s.enc.Open("GetParameterNamesResponse")
	s.enc.List("ParameterList", "cwmp:ParameterInfoStruct")
	err = tx.Names(ctx, path, nextLevel, func(n model.Name) error {
		s.enc.ParameterInfo(n.Path, n.Writable)
		return s.checkSize()
	})
	if err != nil {
		return err
	}
	s.enc.EndList()
	s.enc.Close()
	return nil
}

func (s *session) checkSize() error {
	if s.enc.Len() > s.cpe.answerLimit {
		return errTooLarge
	}
	return nil
}
