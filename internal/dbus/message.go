package dbus

import (
	"errors"
	"io"
)

// MaxMessage is how many bytes a message may have.
const MaxMessage = 1 << 20

// Kinds of messages.
const (
	kindCall = 1 + iota
	kindReturn
	kindError
)

const noAutoStart = 2 // flag of a call: a program that does not run is not started for it

// Fields of a header.
const (
	fieldPath = 1 + iota
	fieldInterface
	fieldMember
	fieldErrorName
	fieldReplySerial
	fieldDestination
	fieldSender
	fieldSignature
)

const fixedHeader = 16 // up to the length of the fields, with it

// A Call says what is asked of whom. Args are strings or Variants.
type Call struct {
	Name      string // of the bus
	Path      string // of the object
	Interface string
	Method    string
	Args      []any
}

func (c *Call) encode(serial uint32) ([]byte, error) {
	signature := ""
	var body writer
	for _, arg := range c.Args {
		typ := "s"
		if _, ok := arg.(Variant); ok {
			typ = "v"
		}
		signature += typ
		if err := body.value(typ, arg); err != nil {
			return nil, err
		}
	}
	w := writer{[]byte{'l', kindCall, noAutoStart, 1}}
	w.number(uint64(len(body.buf)), 4)
	w.number(uint64(serial), 4)
	w.number(0, 4)
	for _, f := range []struct {
		code      byte
		typ, text string
	}{
		{fieldPath, "o", c.Path}, {fieldDestination, "s", c.Name}, {fieldInterface, "s", c.Interface},
		{fieldMember, "s", c.Method}, {fieldSignature, "g", signature},
	} {
		if f.text == "" {
			continue
		}
		w.align(8)
		w.number(uint64(f.code), 1)
		if err := w.value("v", Variant{f.typ, f.text}); err != nil {
			return nil, err
		}
	}
	w.sized(fixedHeader)
	w.align(8)
	w.buf = append(w.buf, body.buf...)
	if len(w.buf) > MaxMessage {
		return nil, errLarge
	}
	return w.buf, nil
}

var errLarge = errors.New("dbus: message is too large")

// An answer is a message from the bus.
type answer struct {
	kind      byte
	replyTo   uint64
	errorName string
	body      []any
}

// readAnswer reads the next message of any kind; what is neither an answer nor an error has no body.
func readAnswer(in io.Reader) (answer, error) {
	head := make([]byte, fixedHeader)
	if _, err := io.ReadFull(in, head); err != nil {
		return answer{}, err
	}
	if head[0] != 'l' && head[0] != 'B' {
		return answer{}, errors.New("dbus: no message")
	}
	r := reader{buf: head, big: head[0] == 'B', at: 4}
	bodySize := r.number(4)
	r.number(4) // the sender's serial
	fieldsSize := r.number(4)
	if bodySize > MaxMessage || fieldsSize > MaxMessage || bodySize+fieldsSize > MaxMessage-fixedHeader-8 {
		return answer{}, errLarge
	}
	body := (fixedHeader + int(fieldsSize) + 7) / 8 * 8
	r.buf = append(head, make([]byte, body+int(bodySize)-fixedHeader)...)
	if _, err := io.ReadFull(in, r.buf[fixedHeader:]); err != nil {
		return answer{}, err
	}
	return r.answer(fixedHeader+int(fieldsSize), body)
}

// answer reads the fields of the header, which end at the first offset, and the body, which begins at the second.
func (r *reader) answer(fieldsEnd, body int) (answer, error) {
	a := answer{kind: r.buf[1]}
	signature := ""
	for r.at < fieldsEnd && r.err == nil {
		r.align(8)
		switch code, v := r.number(1), r.variant(0); code {
		case fieldErrorName:
			a.errorName, _ = v.Value.(string)
		case fieldReplySerial:
			a.replyTo, _ = v.Value.(uint64)
		case fieldSignature:
			signature, _ = v.Value.(string)
		}
	}
	if r.at > body {
		r.fail(errShort)
	}
	r.at = body
	if a.kind == kindReturn || a.kind == kindError {
		a.body = r.values(signature, 0)
	}
	return a, r.err
}
