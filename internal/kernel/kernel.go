package kernel

import (
	"fmt"

	"github.com/cwmpd/cwmpd/internal/json"
)

// A Kernel is what the kernel says in one transaction. It belongs to one goroutine; what it returns must not be changed.
// The zero Kernel asks the kernel that we run on.
type Kernel struct {
	File func(name string) []byte     // reads a recording; nil means that the kernel itself is asked
	Fail func(kind string, err error) // is told of a dump that failed, or of a broken recording; nil means nobody asks

	exchange func(proto int, typ, flags uint16, body []byte) ([]message, error) // tests count; nil is exchange

	asked      map[string]bool
	links      []Link
	names      map[uint32]string
	addresses  []Address
	routes     []Route
	neighbours []Neighbour
	forwarding []Forward
	bridgeVIDs []BridgeVLAN

	families map[string]uint16
	eee      []EEE
	counters []Counters
	modules  []Module

	channels []Channel
	stations []Station
	surveys  []Survey
	networks []BSS
	drivers  []Driver
}

// first reports whether a kind is to be asked of the kernel now. Later it has been, and where there are recordings it is
// read from its own instead.
func (k *Kernel) first(kind string, into any) bool {
	if k.asked[kind] {
		return false
	}
	if k.asked == nil {
		k.asked = map[string]bool{}
	}
	k.asked[kind] = true
	if k.File == nil {
		return true
	}
	if text := k.File("/kernel/" + kind + ".json"); len(text) > 0 {
		if err := json.Unmarshal(text, into); err != nil {
			k.fail(kind, err)
		}
	}
	return false
}

func (k *Kernel) fail(kind string, err error) {
	if k.Fail != nil && kind != "" {
		k.Fail(kind, fmt.Errorf("ask the kernel for %s: %w", kind, err))
	}
}

// ask is an exchange whose failure is told of, as kind.
func (k *Kernel) ask(kind string, proto int, typ, flags uint16, body []byte) []message {
	do := k.exchange
	if do == nil {
		do = exchange
	}
	answer, err := do(proto, typ, flags, body)
	if err != nil {
		k.fail(kind, err)
	}
	return answer
}
