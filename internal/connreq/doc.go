// Package connreq is how an ACS wakes us.
package connreq
