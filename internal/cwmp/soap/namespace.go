package soap

import "strings"

// The namespaces of SOAP 1.1 and of XML Schema 2001.
const (
	NSEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	NSEncoding = "http://schemas.xmlsoap.org/soap/encoding/"
	NSSchema   = "http://www.w3.org/2001/XMLSchema"
	NSInstance = "http://www.w3.org/2001/XMLSchema-instance"

	nsEnvelope12 = "http://www.w3.org/2003/05/soap-envelope"
	actorNext    = "http://schemas.xmlsoap.org/soap/actor/next"
)

// The namespaces of CWMP. 1.2, 1.3 and 1.4 all use NS12.
const (
	NS10 = "urn:dslforum-org:cwmp-1-0"
	NS11 = "urn:dslforum-org:cwmp-1-1"
	NS12 = "urn:dslforum-org:cwmp-1-2"

	nsPrefix = "urn:dslforum-org:cwmp-"
)

// CanonicalNS returns the namespace in which a message of namespace ns is answered, and whether ns is one of CWMP's.
// Some ACSs write cwmp-1-3 or cwmp-1-4, which do not exist; they mean cwmp-1-2.
func CanonicalNS(ns string) (string, bool) {
	version, ok := strings.CutPrefix(ns, nsPrefix)
	if !ok {
		return "", false
	}
	switch version {
	case "1-0", "1-1", "1-2":
		return ns, true
	case "1-3", "1-4":
		return NS12, true
	}
	return "", false
}
