package json

import (
	"reflect"
	"strings"
)

// A field is one member that a struct has, its own or that of a struct embedded in it.
type field struct {
	name      string
	index     []int
	omitEmpty bool
	omitZero  bool
}

// fields remembers the fields of the types that one text is about.
type fields map[reflect.Type][]field

func (f fields) of(t reflect.Type) []field {
	list, known := f[t]
	if known {
		return list
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct:
			for _, lent := range f.of(sf.Type) {
				lent.index = append([]int{i}, lent.index...)
				list = add(list, lent)
			}
		case sf.IsExported() && name != "-":
			if name == "" {
				name = sf.Name
			}
			list = add(list, field{name, []int{i}, strings.Contains(options, "omitempty"), strings.Contains(options, "omitzero")})
		}
	}
	f[t] = list
	return list
}

// add puts a field into the list, unless one of its name lies less deep; that one replaces it.
func add(list []field, n field) []field {
	for i, f := range list {
		if f.name != n.name {
			continue
		}
		if len(f.index) <= len(n.index) {
			return list
		}
		list = append(list[:i:i], list[i+1:]...)
		break
	}
	return append(list, n)
}

// named finds a member's field: the one that is called so, else one that differs in case.
func named(list []field, key string) *field {
	var alike *field
	for i := range list {
		switch f := &list[i]; {
		case f.name == key:
			return f
		case alike == nil && strings.EqualFold(f.name, key):
			alike = f
		}
	}
	return alike
}
