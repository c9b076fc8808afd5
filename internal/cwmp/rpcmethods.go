package cwmp

import (
	"context"
	"slices"

	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
)

// getRPCMethods answers with what can be called on us in the version of this session (3.1).
func (s *session) getRPCMethods(_ context.Context, _ *soap.Args) error {
	s.enc.GetRPCMethodsResponse(methodNames(s.version))
	return nil
}

// knowledge is what an ACS said that it can do.
type knowledge struct {
	URL     string   // the ACS
	None    bool     // it does not know GetRPCMethods, and is not asked again
	Methods []string `json:",omitempty"` // those that we might call; nil: it was not asked yet
}

// optionalCalls are the methods of an ACS that we call only if it has them.
var optionalCalls = []string{"RequestDownload"}

// knows reports whether the ACS has a method; asked is false while nobody knows.
func (c *CPE) knows(method string) (has, asked bool) {
	k := c.saved.ACS
	if !sameURL(k.URL, c.url) || (k.Methods == nil && !k.None) {
		return false, false
	}
	return slices.Contains(k.Methods, method), true
}

// learn remembers what the ACS can do, and what it cannot.
func (c *CPE) learn(change func(*knowledge)) {
	if !sameURL(c.saved.ACS.URL, c.url) {
		c.saved.ACS = knowledge{URL: c.url}
	}
	change(&c.saved.ACS)
	c.trySave()
}

// oweGetRPCMethods asks the ACS for its methods: once per boot where the option says so, and when we want to call one of
// which it is not known whether the ACS has it. An ACS that said no is not asked again.
func (s *session) oweGetRPCMethods(needed bool) {
	c := s.cpe
	wanted := s.settings.ACS.GetRPCMethods && !c.askedMethods || needed
	if !wanted || c.saved.ACS.None && sameURL(c.saved.ACS.URL, c.url) {
		return
	}
	var listed []string
	s.owed = append(s.owed, owed{
		method: "GetRPCMethods",
		write:  func(e *soap.Encoder) { e.GetRPCMethods() },
		read: func(args *soap.Args) {
			listed = []string{}
			for _, m := range args.Strings("MethodList", 256) {
				if slices.Contains(optionalCalls, m) && !slices.Contains(listed, m) {
					listed = append(listed, m)
				}
			}
		},
		done: func(fault int) {
			c.askedMethods = true
			if fault == 0 || fault == acsMethodNotSupported {
				c.learn(func(k *knowledge) { k.None, k.Methods = fault != 0, listed })
			}
		},
	})
}
