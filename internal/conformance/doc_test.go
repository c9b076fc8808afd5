// Package conformance says what the standard asks, which tests prove it, and how they went.
//
// requirements.txt and cases.txt hold the numbers and, for what is not there, the reason. A test claims a number in one of
// these places and nowhere else:
//
//   - the name of a Test function that begins with it (TestT010_CurrentTime),
//   - the doc comment of a Test or Fuzz function, anywhere in it,
//   - a comment or a text inside that function, at its beginning ("R-31 an empty table", "T-281, R-1: …") or in parentheses
//     ("(R-52)"): the names of table cases and what an assertion says when it fails,
//   - the title of a scenario (internal/agent/testdata).
//
// TestEverythingIsCovered, part of `make test`, wants a test or a reason for each number. TestTable joins the claims with the
// log of the last `make test`; `make conformance` runs it and shows bin/conformance.txt.
//
// There is nothing but tests in this package.
package conformance
