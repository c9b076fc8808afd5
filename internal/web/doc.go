// Package web speaks HTTP to the outside, safely.
package web
