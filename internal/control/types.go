package control

import (
	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// maxPage is how many bytes one answer holds, roughly; the bus carries 1 MiB.
const maxPage = 384 << 10

// A page is a part of a long answer; Next is what the following one skips, 0 at the end.
type page[T any] struct {
	Parameters []T `json:"parameters"`
	Next       int `json:"next,omitempty"`
}

// pageOf cuts out of a list the page behind the first skip items. size says how long the texts of an item are.
func pageOf[T any](list []T, skip int, size func(T) int) page[T] {
	p := page[T]{Parameters: []T{}}
	used := 0
	for i := skip; i < len(list); i++ {
		const around = 96 // bytes of what surrounds the texts of an item
		if used += size(list[i]) + around; used > maxPage && i > skip {
			p.Next = i
			break
		}
		p.Parameters = append(p.Parameters, list[i])
	}
	return p
}

// encode makes a table of what has a JSON form.
func encode(x any) (ubus.Value, error) {
	text, err := json.Marshal(x)
	if err != nil {
		return ubus.Value{}, err
	}
	return ubus.FromJSON(text)
}

// decode is the way back.
func decode(v ubus.Value, x any) error {
	text, err := v.MarshalJSON()
	if err != nil {
		return err
	}
	return json.Unmarshal(text, x)
}

// notNil makes JSON say [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
