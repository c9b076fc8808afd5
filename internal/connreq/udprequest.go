package connreq

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxUDPRequest = 1500 // bytes (C-39)
	maxUDPFields  = 16
	maxUDPID      = 64 // characters; a 64 bit number has 20
)

// udpRequest is a connection request by UDP: one datagram with the request line of an HTTP request (C-36).
type udpRequest struct {
	ts        int64
	rawTS, id string
	un, cn    string // as they came, percent signs and all
	sig       [sha1.Size]byte
	fields    int
	seen      [5]bool
}

// parseUDPRequest reads a datagram. ok is false if it is not of this form, with each of the five fields once (C-39).
func parseUDPRequest(b []byte) (r udpRequest, ok bool) {
	if len(b) > maxUDPRequest {
		return r, false
	}
	head, _, whole := bytes.Cut(b, []byte("\r\n"))
	line, ok := strings.CutPrefix(string(head), "GET ")
	if !ok || !whole || !bytes.Contains(b[len(head):], []byte("\r\n\r\n")) {
		return r, false
	}
	// Some ACSs do not escape what they put in: the last blank ends the target.
	target, ok := strings.CutSuffix(line, " HTTP/1.1")
	rest, isHTTP := strings.CutPrefix(strings.TrimSpace(target), "http://")
	authority, query, hasQuery := strings.Cut(rest, "?")
	if authority = strings.TrimSuffix(authority, "/"); !ok || !isHTTP || !hasQuery || authority == "" {
		return r, false
	}
	for field := range strings.SplitSeq(query, "&") {
		if !r.take(field) {
			return r, false
		}
	}
	return r, r.seen == [5]bool{true, true, true, true, true}
}

// take reads one field; unknown ones are passed over.
func (r *udpRequest) take(field string) bool {
	if r.fields++; r.fields > maxUDPFields {
		return false
	}
	name, value, _ := strings.Cut(field, "=")
	var n int
	ok := true
	switch name {
	case "ts":
		var err error
		n, r.rawTS = 0, value
		r.ts, err = strconv.ParseInt(value, 10, 64)
		ok = err == nil && r.ts >= 0
	case "id":
		n, r.id = 1, value
		ok = value != "" && len(value) <= maxUDPID
	case "un":
		n, r.un = 2, value
	case "cn":
		n, r.cn = 3, value
	case "sig":
		n = 4
		sum, err := hex.DecodeString(value)
		ok = err == nil && len(sum) == len(r.sig)
		copy(r.sig[:], sum)
	default:
		return true
	}
	ok = ok && !r.seen[n]
	r.seen[n] = true
	return ok
}

// names reports whether a request is for whoever has this user name, written out or escaped.
func (r *udpRequest) names(user string) bool {
	plain, err := url.PathUnescape(r.un)
	return subtle.ConstantTimeCompare([]byte(r.un), []byte(user)) == 1 ||
		err == nil && subtle.ConstantTimeCompare([]byte(plain), []byte(user)) == 1
}

// signedBy verifies the signature, over the fields as they came or, from ACSs that escape afterwards, as they are meant.
func (r *udpRequest) signedBy(user, pass string) bool {
	for _, un := range []string{r.un, user} {
		mac := hmac.New(sha1.New, []byte(pass))
		mac.Write([]byte(r.rawTS + r.id + un + r.cn))
		if hmac.Equal(mac.Sum(nil), r.sig[:]) {
			return true
		}
	}
	return false
}
