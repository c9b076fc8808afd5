// Package cwmptest is an ACS: for the tests of the CPE, and for people without one (cmd/sandbox).
//
// Left to itself it is polite: it answers Inform and the other requests of a CPE, sends the calls that Ask has queued one
// by one, and ends the session with 204 when none is left. Play puts Steps before that: each answers one POST, in a way
// that no polite ACS would.
//
//	acs := cwmptest.New()
//	defer acs.Close()
//	acs.Ask(cwmptest.GetParameterValues("Device."))
//	acs.Play(cwmptest.Fault(8005), cwmptest.Polite, cwmptest.Drop)
//	… run the CPE against acs.URL …
//	inform, err := acs.Wait(ctx, "Inform")
//	for _, v := range acs.Violations() { … }
//
// Everything that the CPE sends is kept, and every message is held against the invariants INV-1 to INV-10 of the test
// catalogue, whatever the test is about. Only the Broadband Forum's schemas need a program of their own: see Schema.
package cwmptest
