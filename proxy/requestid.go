package proxy

import (
	"math/rand/v2"
	"strings"

	"github.com/pollmux/pollmux/proxy/head"
)

// Each request has an ID: the X-Request-Id that a trusted proxy gave it, or a random
// number of our own, made when somebody wants to know. The origin is told of it with
// a passed request, unless that has an X-Request-Id of whatever kind: this goes on as
// the client sent it, since it may mean something between the two, such as that a
// write is the same one again.

// requestIDField is how the origin is told.
const requestIDField = "X-Request-Id"

// longestID is the longest ID that is taken over.
const longestID = 128

// newNumber returns a number that is an ID, never 0.
func newNumber() uint64 { return rand.Uint64() | 1<<63 }

// appendNumber writes it.
func appendNumber(b []byte, number uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[number>>shift&15])
	}
	return b
}

// isRequestID reports whether a field of a request is its ID.
func isRequestID(f *head.Field) bool {
	return f.Is == head.Harmless && len(f.Name) == len(requestIDField) && isSpelled(f.Name, "x-request-id")
}

// said returns the X-Request-Id of a request, nil if there is not exactly one that can
// be told without harm.
func said(h *head.Head) (id []byte) {
	for i := range h.Fields {
		if f := &h.Fields[i]; isRequestID(f) {
			if id != nil || !isPlainID(f.Value) {
				return nil
			}
			id = f.Value
		}
	}
	return id
}

// isPlainID reports whether an ID is of bearable length and of characters that mean
// nothing to anybody who reads logs.
func isPlainID(id []byte) bool {
	for _, c := range id {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.:+/=@", c) >= 0:
		default:
			return false
		}
	}
	return len(id) > 0 && len(id) <= longestID
}

// id is the request's.
func (r *request) id() string {
	if r.isFromProxy() {
		if id := said(&r.head); id != nil {
			return string(id)
		}
	}
	r.ownID()
	return string(appendNumber(nil, r.number))
}

// ownID is the number that is the request's ID if nobody gave it another.
func (r *request) ownID() uint64 {
	if r.number == 0 {
		r.number = newNumber()
	}
	return r.number
}

// isFromProxy reports whether a trusted proxy brought the request.
func (r *request) isFromProxy() bool {
	c := r.conn
	if c == nil {
		c = clientConn(r.ctx.Conn())
	}
	return c != nil && c.shared
}

// id is that of a request that was passed on, which is another's by now.
func (x *pass) id() string {
	if len(x.said) > 0 {
		return string(x.said)
	}
	if x.number == 0 {
		x.number = newNumber()
	}
	return string(appendNumber(nil, x.number))
}
