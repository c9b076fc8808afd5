// Package cwmptest is an ACS for tests and for the sandbox.
package cwmptest
