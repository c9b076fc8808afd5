package notify

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/xml"
	"fmt"
	"time"
)

const (
	maxDatagram  = 1200 // bytes, header included (N-24)
	maxLightName = 256  // characters of Name in the schema
)

const (
	lightHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<Notification xmlns="urn:broadband-forum-org:cwmp:lwnotif-1-0"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">`
	lightTail = `</Notification>`
)

// message makes one signed datagram of as many of the changed parameters as it holds (N-22, N-23), and says how many those
// are. It is nil if not even the first one fits, which n then counts.
func (cfg Lightweight) message(now time.Time, found map[string]reading, paths []string) (datagram []byte, n int) {
	body := bytes.NewBufferString(lightHead)
	for _, field := range [...][2]string{
		{"TS", fmt.Sprint(now.Unix())}, {"UN", cfg.Username}, {"CN", rand.Text()},
		{"OUI", cfg.OUI}, {"ProductClass", cfg.ProductClass}, {"SerialNumber", cfg.SerialNumber},
	} {
		element(body, field[0], "", field[1])
	}
	room := maxDatagram - len(cfg.header(maxDatagram, make([]byte, sha1.Size))) - len(lightTail)
	for n < len(paths) {
		path, r := paths[n], found[paths[n]]
		whole := body.Len()
		if len(path) <= maxLightName && len(r.value) <= room-whole {
			body.WriteString("<Param>")
			element(body, "Name", "", path)
			element(body, "Value", ` xsi:type="xsd:`+r.typ.XSD()+`"`, r.value)
			body.WriteString("</Param>")
			if body.Len() <= room {
				n++
				continue
			}
			body.Truncate(whole)
		}
		break
	}
	if n == 0 {
		return nil, 1
	}
	body.WriteString(lightTail)
	sign := hmac.New(sha1.New, []byte(cfg.Password))
	sign.Write(body.Bytes())
	return append(cfg.header(body.Len(), sign.Sum(nil)), body.Bytes()...), n
}

// header is what stands before the XML. The request line is an absolute one, without a path.
func (cfg Lightweight) header(length int, signature []byte) []byte {
	host := cfg.address()
	return fmt.Appendf(nil, "POST http://%s HTTP/1.1\r\nHOST: %s\r\nContent-Type: text/xml; charset=utf-8\r\n"+
		"Content-Length: %d\r\nSignature: %x\r\n\r\n", host, host, length, signature)
}

func element(b *bytes.Buffer, name, attr, text string) {
	b.WriteString("<" + name + attr + ">")
	xml.EscapeText(b, []byte(text)) // into memory: no error
	b.WriteString("</" + name + ">")
}
