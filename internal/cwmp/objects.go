package cwmp

import (
	"context"
	"strings"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

// addObject makes an instance of a table (3.6).
func (s *session) addObject(ctx context.Context, args *soap.Args) error {
	object, key, err := objectArgs(args)
	if err != nil {
		return err
	}
	var number uint32
	status, err := s.change(ctx, key, func(tx *model.Tx) (err error) {
		number, err = tx.Add(ctx, object)
		return err
	})
	if err != nil {
		return objectFault(err)
	}
	s.enc.AddObjectResponse(number, status)
	return nil
}

// deleteObject removes an instance with all below it (3.6).
func (s *session) deleteObject(ctx context.Context, args *soap.Args) error {
	object, key, err := objectArgs(args)
	if err != nil {
		return err
	}
	status, err := s.change(ctx, key, func(tx *model.Tx) error { return tx.Delete(ctx, object) })
	if err != nil {
		return objectFault(err)
	}
	s.enc.Status("DeleteObjectResponse", status)
	return nil
}

func objectArgs(args *soap.Args) (object, key string, err error) {
	object = args.String("ObjectName", maxPath)
	key = args.String("ParameterKey", maxKey)
	if err := args.Err(); err != nil {
		return "", "", err
	}
	if !strings.HasSuffix(object, ".") {
		return "", "", faultf(invalidName, "an object name ends with a dot")
	}
	return object, key, nil
}

// objectFault: AddObject and DeleteObject know neither 9006, 9007 nor 9008. A table that cannot grow, or a row that
// cannot go, is an invalid name; a value that the new row would break is an invalid argument.
func objectFault(err error) error {
	f := faultOf(err)
	switch f.code {
	case notWritable:
		f = &rpcFault{code: invalidName, detail: f.detail}
	case invalidType, invalidValue:
		f = &rpcFault{code: invalidArguments, detail: f.detail}
	}
	if f.code == internalError {
		return err // with its text, for the log
	}
	return f
}
