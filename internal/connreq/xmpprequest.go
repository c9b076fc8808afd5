package connreq

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"strings"
	"time"
)

// nsConnReq is the name space of a connection request (C-51).
const nsConnReq = "urn:broadband-forum-org:cwmp:xmppConnReq-1-0"

// The errors that a request is answered with (C-53).
const (
	unavailable   = "<error code='503' type='cancel'><service-unavailable xmlns='" + nsStanzas + "'/></error>"
	notAuthorized = "<error code='401' type='auth'><not-authorized xmlns='" + nsStanzas + "'/></error>"
)

// reply returns the answer to a stanza, "" for none, and whether it is a connection request that we obey. own is our full
// JID. Nothing of what was asked is repeated in an answer: there is a password in it.
func (x *XMPP) reply(e *element, own string) (answer string, obey bool) {
	kind := e.get("type")
	if e.Space != nsClient || e.Local != "iq" || kind != "get" && kind != "set" {
		return "", false // messages, presence and answers to what we did not ask (C-55)
	}
	from := e.get("from")
	head := "<iq id='" + escape(e.get("id")) + "' from='" + escape(own) + "' "
	if from != "" {
		head += "to='" + escape(from) + "' "
	} else {
		from, _, _ = strings.Cut(own, "/") // our own account (RFC 6120 section 8.1.2.1)
	}
	switch refusal, why := x.judge(e, kind, from); {
	case refusal == "":
		return head + "type='result'/>", true
	default:
		if why != "" && x.mayWarn() {
			x.cfg.Log.Warn("connection request refused", "from", trim(from), "why", why)
		}
		return head + "type='error'>" + refusal + "</iq>", false
	}
}

// judge returns the error for a request, "" for one that is to be obeyed. why is for the log, "" where it is no news.
func (x *XMPP) judge(e *element, kind, from string) (refusal, why string) {
	ask := e.child(nsConnReq, "connectionRequest")
	if ask == nil || len(e.inner) != 1 || kind != "get" {
		return unavailable, ""
	}
	now, who := time.Now(), sourceOfJID(from)
	switch {
	case !allowedJID(x.cfg.Settings().AllowedJIDs, from):
		return unavailable, "not one of the allowed JIDs"
	case !x.rates.mayFail(who, now):
		return unavailable, "too many wrong passwords"
	case !x.authorized(ask):
		x.rates.failed(who, now)
		return notAuthorized, "wrong user name or password"
	case !x.rates.accept(now):
		return unavailable, "too many requests"
	}
	return "", ""
}

// authorized compares the credentials in a request with ours, in a time that says nothing of them (C-52). Without any
// nobody is authorized (C-15).
func (x *XMPP) authorized(ask *element) bool {
	user, password := x.cfg.Credentials()
	same := subtle.ConstantTimeCompare(sum(ask.only("username")), sum(user)) & subtle.ConstantTimeCompare(sum(ask.only("password")), sum(password))
	return same == 1 && len(ask.inner) == 2 && (user != "" || password != "")
}

// only returns the text of the one inner element of a name in the same name space.
func (e *element) only(local string) string {
	if c := e.child(e.Space, local); c != nil && len(c.inner) == 0 {
		return c.text
	}
	return "\x00" // XML cannot hold it
}

func sum(text string) []byte {
	s := sha256.Sum256([]byte(text))
	return s[:]
}

// sourceOfJID makes of the account of a JID a source that is counted as an address is.
func sourceOfJID(jid string) source {
	bare, _, _ := strings.Cut(jid, "/")
	return source(netip.PrefixFrom(netip.AddrFrom16([16]byte(sum(strings.ToLower(bare))[:16])), 128))
}

// allowedJID reports whether a JID is in a list with one JID a line: a full one is meant exactly, a bare one means all its
// resources, and an empty list means everybody (C-52).
func allowedJID(list, from string) bool {
	if list == "" {
		return true
	}
	bare, resource, _ := strings.Cut(from, "/")
	for entry := range strings.SplitSeq(list, "\n") {
		wantBare, wantResource, full := strings.Cut(strings.TrimSpace(entry), "/")
		if wantBare != "" && sameBare(wantBare, bare) && (!full || wantResource == resource) {
			return true
		}
	}
	return false
}

// sameBare compares two bare JIDs: case is folded in both parts, as nodeprep and nameprep do. What else those two make
// equal (compatibility forms, A-labels) is not: the server sends JIDs prepared, and who is not recognized is refused.
func sameBare(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// trim makes a text of others fit for the log.
func trim(text string) string { return text[:min(len(text), 200)] }
