package cwmp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/model"
)

const (
	maxKey           = 32 // characters of CommandKey and ParameterKey
	parameterKeyPath = "Device.ManagementServer.ParameterKey"
	acsURLPath       = "Device.ManagementServer.URL"
)

// setParameterValues changes parameters, all or none, together with ParameterKey (3.2). Every parameter that is refused
// is named in the fault.
func (s *session) setParameterValues(ctx context.Context, args *soap.Args) error {
	values := args.Values("ParameterList")
	key := args.String("ParameterKey", maxKey)
	if err := args.Err(); err != nil {
		return err
	}
	if name := duplicate(values); name != "" {
		return faultf(invalidArguments, "%s is set twice", soap.Truncate(name, 100))
	}
	status, err := s.change(ctx, key, func(tx *model.Tx) error { return s.setAll(ctx, tx, values) })
	if err != nil {
		if refused := model.Errors(err); len(refused) > 0 {
			return setFault(refused)
		}
		return err
	}
	s.enc.Status("SetParameterValuesResponse", status)
	return nil
}

func duplicate(values []soap.Value) string {
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if seen[v.Name] {
			return v.Name
		}
		seen[v.Name] = true
	}
	return ""
}

func (s *session) setAll(ctx context.Context, tx *model.Tx, values []soap.Value) error {
	values, refused := s.lookUp(ctx, tx, values)
	if name := duplicate(values); name != "" {
		return faultf(invalidArguments, "%s is set twice, by alias and by number", soap.Truncate(name, 100))
	}
	for _, v := range values {
		if err := s.set(ctx, tx, v); err != nil {
			if len(model.Errors(err)) == 0 {
				return err
			}
			refused = append(refused, err)
		}
	}
	return errors.Join(refused...)
}

// lookUp puts instance numbers in the place of aliases, before a value changes one of them, and makes the rows of aliases that
// nobody has where AutoCreateInstances allows it. What cannot be is refused, and is no more among the values.
func (s *session) lookUp(ctx context.Context, tx *model.Tx, values []soap.Value) (found []soap.Value, refused []error) {
	create := s.cpe.cfg.Settings().CPE.AutoCreate
	for _, v := range values {
		if strings.Contains(v.Name, "[") && !strings.HasSuffix(v.Name, ".") {
			full, err := tx.Numbered(ctx, v.Name, create)
			if err != nil {
				refused = append(refused, err)
				continue
			}
			v.Name = full
		}
		found = append(found, v)
	}
	return found, refused
}

func (s *session) set(ctx context.Context, tx *model.Tx, v soap.Value) error {
	if v.Name == "" || strings.HasSuffix(v.Name, ".") {
		return &model.ParamError{Path: v.Name, Reason: model.Unknown, Msg: "not a parameter"}
	}
	if v.Name == acsURLPath && (v.Text != "" || s.cpe.cfg.Settings().ACS.DHCPURL == "") {
		if err := config.CheckURL(v.Text); err != nil { // K-20: nobody could reach us any more to take it back
			return &model.ParamError{Path: v.Name, Reason: model.BadValue, Msg: err.Error()}
		}
	}
	refuse := func(reason model.Reason, msg string) error {
		path, _ := tx.Retell(ctx, v.Name, "")
		return &model.ParamError{Path: path, Reason: reason, Msg: msg}
	}
	if msg := checkInformParameter(s.cpe.cfg.Tree, v.Name, v.Text); msg != "" {
		return refuse(model.BadValue, msg)
	}
	base, ok := baseTypes[v.Type]
	if !ok {
		return refuse(model.BadType, "unknown type")
	}
	if base == model.BaseString && s.cpe.cfg.Settings().CPE.LenientTypes {
		base = model.BaseAny
	}
	return tx.Set(ctx, v.Name, v.Text, base)
}

// baseTypes maps the local names of XML Schema's types, and of SOAP's where they differ; without xsi:type a value is
// taken for the parameter's own type.
var baseTypes = map[string]model.Base{
	"": model.BaseAny, "anySimpleType": model.BaseAny,
	"string": model.BaseString, "int": model.BaseInt, "unsignedInt": model.BaseUnsignedInt,
	"long": model.BaseLong, "unsignedLong": model.BaseUnsignedLong, "boolean": model.BaseBoolean,
	"dateTime": model.BaseDateTime, "base64": model.BaseBase64, "base64Binary": model.BaseBase64,
	"hexBinary": model.BaseHexBinary, "decimal": model.BaseDecimal,
}

// change runs a transaction of the ACS and commits it with the ParameterKey. The status is 1 exactly when a package is
// left to be reloaded after the session.
func (s *session) change(ctx context.Context, key string, work func(*model.Tx) error) (status int, err error) {
	tx, err := s.begin(ctx, model.FromACS)
	if err != nil {
		return 0, err
	}
	defer tx.Close()
	if err := work(tx); err != nil {
		return 0, err
	}
	if err := tx.SetOwn(ctx, parameterKeyPath, key); err != nil {
		return 0, fmt.Errorf("set ParameterKey: %v", err) // not %w: the ACS did not name this parameter
	}
	changes, err := tx.Commit(ctx)
	if err != nil {
		return 0, err
	}
	if w := s.cpe.cfg.Notify; w != nil {
		w.Known(changes) // what the ACS set itself is no news to it (R-18, N-10)
	}
	if changes.Own {
		s.credentialsChanged()
	}
	if len(changes.Reload) > 0 {
		return 1, nil
	}
	return 0, nil
}

// credentialsChanged lets the session go on when the ACS changed how we authenticate to it: a further challenge is
// answered with the new credentials first and then with the old ones (K-12).
func (s *session) credentialsChanged() {
	user, password := s.cpe.credentials()
	s.http.SetCredentials(user, password)
}
