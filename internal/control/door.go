package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/notify"
)

// A Door is a way to the data model for people and scripts at the router. There are two: Direct works on the tree of this
// process, Client asks the running daemon over ubus. Errors about parameters are *model.ParamError (see model.Errors) on both.
type Door interface {
	Get(ctx context.Context, paths []string) ([]Param, error)
	Set(ctx context.Context, values [][2]string) error // path and text; all or none
	Add(ctx context.Context, object string) (path string, err error)
	Delete(ctx context.Context, objects []string) error // all or none
	Names(ctx context.Context, path string, nextLevel bool) ([]Name, error)
	Attrs(ctx context.Context, paths []string) ([]Attr, error)
	SetAttrs(ctx context.Context, paths []string, notification int) error
}

// Param is one parameter; a hidden one has the value "".
type Param struct {
	Path     string `json:"path"`
	Value    string `json:"value"`
	Type     string `json:"type"` // of XML Schema: "string", "unsignedInt"
	Writable bool   `json:"writable"`
}

// Name is one object (with a trailing dot) or parameter.
type Name struct {
	Path     string `json:"path"`
	Writable bool   `json:"writable"`
}

// Attr is what the ACS wants to know of a parameter.
type Attr struct {
	Path         string   `json:"path"`
	Notification int      `json:"notification"`
	AccessList   []string `json:"access_list,omitempty"`
}

// Direct works on the data model of this process, for the CLI where no daemon runs.
type Direct struct {
	Tree   *model.Tree
	Notify *notify.Watcher // keeps the attributes; nil: attributes cannot be asked
}

// errNoAttributes says that nobody keeps attributes here.
var errNoAttributes = errors.New("attributes are not kept here")

// Get reads the parameters that the paths stand for, each once.
func (d Direct) Get(ctx context.Context, paths []string) ([]Param, error) {
	tx, err := d.Tree.Begin(ctx, model.FromCLI)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	var params []Param
	for _, path := range model.Cover(paths) {
		err := tx.Get(ctx, path, func(p *model.Param) error {
			params = append(params, Param{string(p.Path), p.Value, p.Type.String(), p.Writable})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return params, nil
}

// An ApplyError says that a change was made, but that the services could not be told. They will be: it is owed.
type ApplyError struct{ Err error }

func (e *ApplyError) Error() string { return "services were not told: " + e.Err.Error() }
func (e *ApplyError) Unwrap() error { return e.Err }

// change runs edit in a transaction, commits it and has the router take notice: nobody waits for the end of a session here.
func (d Direct) change(ctx context.Context, edit func(*model.Tx) error) error {
	tx, err := d.Tree.Begin(ctx, model.FromCLI)
	if err != nil {
		return err
	}
	defer tx.Close()
	if err := edit(tx); err != nil {
		return err
	}
	if _, err := tx.Commit(ctx); err != nil {
		return err
	}
	if err := d.Tree.Apply(ctx); err != nil {
		return &ApplyError{err}
	}
	return nil
}

// Set changes values, all or none; the error holds every one that was refused.
func (d Direct) Set(ctx context.Context, values [][2]string) error {
	return d.change(ctx, func(tx *model.Tx) error {
		var errs []error
		for _, v := range values {
			if err := tx.Set(ctx, v[0], v[1], model.BaseAny); err != nil {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}

// Add makes a row and returns its path, with the trailing dot.
func (d Direct) Add(ctx context.Context, object string) (path string, err error) {
	err = d.change(ctx, func(tx *model.Tx) error {
		n, err := tx.Add(ctx, object)
		path = fmt.Sprintf("%s%d.", object, n)
		return err
	})
	if err != nil && !errors.As(err, new(*ApplyError)) {
		return "", err
	}
	return path, err
}

// Delete removes rows, all or none.
func (d Direct) Delete(ctx context.Context, objects []string) error {
	return d.change(ctx, func(tx *model.Tx) error {
		var errs []error
		for _, o := range objects {
			if err := tx.Delete(ctx, o); err != nil {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}

// Names lists as GetParameterNames does.
func (d Direct) Names(ctx context.Context, path string, nextLevel bool) ([]Name, error) {
	tx, err := d.Tree.Begin(ctx, model.FromCLI)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	var names []Name
	err = tx.Names(ctx, path, nextLevel, func(n model.Name) error {
		names = append(names, Name{string(n.Path), n.Writable})
		return nil
	})
	return names, err
}

// Attrs lists the attributes of the parameters that the paths stand for.
func (d Direct) Attrs(ctx context.Context, paths []string) ([]Attr, error) {
	if d.Notify == nil {
		return nil, errNoAttributes
	}
	tx, err := d.Tree.Begin(ctx, model.FromCLI)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	var attrs []Attr
	for _, path := range model.Cover(paths) {
		err := tx.Names(ctx, path, false, func(n model.Name) error {
			if !n.Object {
				a := d.Notify.Attr(string(n.Path))
				attrs = append(attrs, Attr{string(n.Path), a.Notification, a.AccessList})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return attrs, nil
}

// SetAttrs sets the notification of all parameters below the paths.
func (d Direct) SetAttrs(ctx context.Context, paths []string, notification int) error {
	if d.Notify == nil {
		return errNoAttributes
	}
	var set []notify.SetAttr
	for _, path := range paths {
		set = append(set, notify.SetAttr{Path: path, Notification: &notification})
	}
	return d.Notify.SetAttributes(ctx, set)
}
