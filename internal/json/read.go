package json

import (
	"encoding"
	"reflect"
	"strconv"
)

// Unmarshal fills what v points to, of a text that is JSON; of one that does not fit v a part may be read.
func Unmarshal(text []byte, v any) error { return unmarshal(text, v, false) }

// UnmarshalStrict is Unmarshal, but what there is no field for is an error.
func UnmarshalStrict(text []byte, v any) error { return unmarshal(text, v, true) }

func unmarshal(text []byte, v any, strict bool) error {
	if err := check(text); err != nil {
		return err
	}
	d := decoder{NewReader(text), fields{}, strict}
	d.value(reflect.ValueOf(v).Elem())
	return d.End()
}

// check tells what is no JSON.
func check(text []byte) error {
	r := NewReader(text)
	r.Skip()
	return r.End()
}

type decoder struct {
	*Reader
	fields fields
	strict bool
}

func (d *decoder) value(v reflect.Value) {
	switch kind := d.Kind(); {
	case v.Type() == rawType:
		v.SetBytes(d.Skip())
		return
	case kind == 'n':
		d.Word()
		switch v.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			v.SetZero()
		}
		return
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(v.Elem())
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text := d.Text(); d.err == nil {
			d.must(u.UnmarshalText([]byte(text)))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.table(v)
	case reflect.Map:
		d.dict(v)
	case reflect.Slice:
		d.list(v)
	case reflect.String:
		v.SetString(d.Text())
	case reflect.Bool:
		word := d.Word()
		v.SetBool(word == "true")
	default:
		d.number(v)
	}
}

func (d *decoder) table(v reflect.Value) {
	list := d.fields.of(v.Type())
	for d.Open('{'); d.More('}'); {
		key := d.Key()
		f := named(list, key)
		switch {
		case f != nil:
			d.value(v.FieldByIndex(f.index))
		case d.strict:
			d.fail("unknown member " + key)
		default:
			d.Skip()
		}
	}
}

func (d *decoder) dict(v reflect.Value) {
	t := v.Type()
	if v.IsNil() {
		v.Set(reflect.MakeMap(t))
	}
	for d.Open('{'); d.More('}'); {
		key, text := reflect.New(t.Key()).Elem(), d.Key()
		switch {
		case key.CanUint():
			n, err := strconv.ParseUint(text, 10, t.Key().Bits())
			d.must(err)
			key.SetUint(n)
		case key.Kind() == reflect.String:
			key.SetString(text)
		default:
			d.fail("a table for " + t.String())
		}
		item := reflect.New(t.Elem()).Elem()
		if d.value(item); d.err == nil {
			v.SetMapIndex(key, item)
		}
	}
}

func (d *decoder) list(v reflect.Value) {
	if isBinary(v.Type()) {
		d.fail("an array for " + v.Type().String())
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for d.Open('['); d.More(']'); {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(item)
		v.Set(reflect.Append(v, item))
	}
}

func (d *decoder) number(v reflect.Value) {
	text := d.Number()
	if d.err != nil {
		return
	}
	switch {
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		d.must(err)
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		d.must(err)
		v.SetUint(n)
	default:
		d.fail("a number for " + v.Type().String())
	}
}

func (d *decoder) must(err error) {
	if err != nil {
		d.fail(err.Error())
	}
}
