package config

import (
	"slices"
	"strings"
)

// write checks one entry of refresh_on.
func (v *validator) write(field string, w Write) {
	v.unsafeMethod(field+".method", w.Method)
	if w.Path.String() == "" {
		v.wrong(field+".path", "is missing; write a pattern such as /api/** (*: one segment, **: any number)")
	}
}

// unsafeMethod checks the method of a write (RFC 9110 section 9.2.1).
func (v *validator) unsafeMethod(field, method string) {
	upper := strings.ToUpper(method)
	switch {
	case method == "":
		v.wrong(field, "is missing; write a method that changes something, such as POST")
	case !isToken(method):
		v.wrong(field, "%s is not a method; write one that changes something, such as POST", quote(method))
	case method != upper && isStandardMethod(upper):
		v.wrong(field, "%s is not in upper case, as methods are; write %s", quote(method), upper)
	case isStandardMethod(method) && !slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, method):
		v.wrong(field, "%s is not a write; use POST, PUT, PATCH, DELETE or another method that changes something", quote(method))
	}
}

func isStandardMethod(m string) bool {
	return slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}, m)
}
