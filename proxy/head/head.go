package head

import (
	"bytes"
	"iter"
)

// Field is one field line. Name is spelled as the client spelled it.
type Field struct {
	Name  []byte
	Value []byte
	Is    Name
}

// Head is the head of a request that passed every check. The zero value is
// ready for Parse, and may be parsed into again and again.
type Head struct {
	Method []byte
	HTTP10 bool

	// Target is in origin form, byte for byte as the client sent it, or "*".
	Target []byte

	// Path and Query are its two halves, both raw. A target without "?" has a
	// nil Query, one that ends in "?" an empty one.
	Path, Query []byte

	// Host is the authority that was asked for, from an absolute target or
	// the Host field, in lower case. Empty for HTTP/1.0 without one.
	Host []byte

	// Fields are all field lines, in order.
	Fields []Field

	// Length of the body as framed: 0 none, negative chunked.
	Length int64

	// Close is whether the client wants the connection closed.
	Close bool

	// Upgrade is whether Connection nominates it. Its value is in Fields.
	Upgrade bool

	// nominated are the other fields that Connection names as its own.
	nominated [][]byte
	lower     []byte // backs Host
}

// Get returns the value of the first line of a known field, nil if there is
// none.
func (h *Head) Get(name Name) []byte {
	for i := range h.Fields {
		if h.Fields[i].Is == name {
			return h.Fields[i].Value
		}
	}
	return nil
}

// Has reports whether there is a line of a known field.
func (h *Head) Has(name Name) bool { return h.count(name) > 0 }

// Joined returns the lines of a known field as one list (RFC 9110 section
// 5.3). Only more than one line allocates.
func (h *Head) Joined(name Name) []byte {
	switch h.count(name) {
	case 0:
		return nil
	case 1:
		return h.Get(name)
	}
	var joined []byte
	for _, f := range h.Fields {
		if f.Is == name {
			joined = append(append(joined, f.Value...), ", "...)
		}
	}
	return joined[:len(joined)-2]
}

func (h *Head) count(name Name) int {
	n := 0
	for i := range h.Fields {
		if h.Fields[i].Is == name {
			n++
		}
	}
	return n
}

// Lookup returns the lines of any field, by its name in any case.
func (h *Head) Lookup(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, f := range h.Fields {
			if equalFold(f.Name, name) && !yield(f.Value) {
				return
			}
		}
	}
}

// Nominated reports whether Connection names a field as meant for this hop
// only (RFC 9110 section 7.6.1).
func (h *Head) Nominated(name []byte) bool {
	for _, n := range h.nominated {
		if bytes.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// Nominates reports whether Connection names any field besides the usual ones.
func (h *Head) Nominates() bool { return len(h.nominated) > 0 }

// IsWebSocket reports whether the client asks for a WebSocket, and for nothing
// else (h2c would open a tunnel round everything here).
func (h *Head) IsWebSocket() bool {
	return h.Upgrade && h.count(Upgrade) == 1 && equalFold(h.Get(Upgrade), "websocket")
}

// IsGet and IsHead tell the methods that can be coalesced.
func (h *Head) IsGet() bool { return string(h.Method) == "GET" }

// IsPost reports whether the method is POST, which is a read where an operator
// says so.
func (h *Head) IsPost() bool { return string(h.Method) == "POST" }

// IsHead reports whether the method is HEAD.
func (h *Head) IsHead() bool { return string(h.Method) == "HEAD" }

// IsSafe reports whether the method changes nothing (RFC 9110 section 9.2.1).
func (h *Head) IsSafe() bool {
	switch string(h.Method) {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// equalFold compares with an ASCII string in any case, without allocating.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lowerByte(b[i]) != lowerByte(s[i]) {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
