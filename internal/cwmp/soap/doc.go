// Package soap turns CWMP messages into bytes and bytes into CWMP messages.
//
// It knows namespaces, headers, array types, escaping and the quirks of real ACSs; it does not know what a method
// means. There are two halves:
//
// The Encoder appends to one byte slice that its owner keeps from message to message. Lists are streamed: the count
// in arrayType is written when the list ends, so a GetParameterValuesResponse of ten thousand parameters needs no
// second pass over the data model and no allocation per parameter.
//
// Parse takes what an ACS sent. A scan over the raw tokens refuses everything that is not a plain, well-formed document
// of sane size, and fills etree's tree as it goes: etree's own reader would accept two roots, trailing junk,
// duplicate attributes, unbound prefixes and a DOCTYPE. The result is an Envelope; its arguments are read
// through Args, which is as strict as R-1 wants: a missing, duplicated, unparsable or over-long argument is an
// *ArgError, and that is the CWMP fault 9003, while every other error of Parse ends the session.
//
// Requirement numbers (X-8, R-1, …) are those of the project's catalogue of TR-069 Amendment 6.
package soap
