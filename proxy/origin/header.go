package origin

import (
	"iter"
	"strings"
)

// Field is one field line of a head, as it stood on the wire but for the white
// space around its value.
type Field struct{ Name, Value string }

// Header is the field section of a response: in order, repeated lines kept.
type Header []Field

// Get returns the value of the first line of that name, "" if there is none.
func (h Header) Get(name string) string {
	for value := range h.Values(name) {
		return value
	}
	return ""
}

// Has reports whether there is a line of that name.
func (h Header) Has(name string) bool {
	for range h.Values(name) {
		return true
	}
	return false
}

// Values yields the value of each line of that name.
func (h Header) Values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range h {
			if len(f.Name) == len(name) && strings.EqualFold(f.Name, name) && !yield(f.Value) {
				return
			}
		}
	}
}

// Tokens yields the comma-separated members of a list field (RFC 9110 section
// 5.6.1) over all its lines, empty ones left out. It does not understand quoted
// strings: it is for fields whose members are tokens.
func (h Header) Tokens(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for value := range h.Values(name) {
			for member := range strings.SplitSeq(value, ",") {
				if member = strings.Trim(member, " \t"); member != "" && !yield(member) {
					return
				}
			}
		}
	}
}

// HasToken reports whether a list field names the token, in any case.
func (h Header) HasToken(name, token string) bool {
	for member := range h.Tokens(name) {
		if len(member) == len(token) && strings.EqualFold(member, token) {
			return true
		}
	}
	return false
}
