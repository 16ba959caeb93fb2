package coding

import (
	"bytes"
	"slices"
	"strings"
)

// Extension is how permessage-deflate is agreed to: neither side refers to earlier
// messages. One that is compressed for all clients cannot, and what a client would
// refer to costs 32 KiB for as long as it is there.
const Extension = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// OffersDeflate reports whether a client's Sec-WebSocket-Extensions, all lines
// joined, has an offer of permessage-deflate that can be accepted in those words
// (RFC 7692 section 7.1). One that limits the server's window cannot: messages are
// made for all clients. One with a parameter that is unknown, there twice or of an
// invalid value is declined, and a field that cannot be read altogether.
func OffersDeflate(field []byte) bool {
	s, accepted := scanner{rest: field}, false
	for {
		for s.takes(',') {
		}
		if len(s.rest) == 0 {
			return accepted
		}
		good, ok := s.offer()
		if !ok || len(s.rest) > 0 && !s.takes(',') {
			return false
		}
		accepted = accepted || good
	}
}

// offer reads one extension with its parameters. good says that it can be
// accepted; ok is false if it is none.
func (s *scanner) offer() (good, ok bool) {
	name, ok := s.token()
	if !ok {
		return false, false
	}
	good = name == "permessage-deflate"
	var seen []string
	for s.takes(';') {
		param, value, ok := s.param()
		if !ok {
			return false, false
		}
		good = good && len(seen) < len(knownParams) && !slices.Contains(seen, param) && isGoodParam(param, value)
		if good {
			seen = append(seen, param)
		}
	}
	return good, true
}

// knownParams are those that can be agreed to.
var knownParams = []string{"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits"}

// isGoodParam checks a parameter (RFC 7692 sections 7.1.1 and 7.1.2.2); value is ""
// where there is none.
func isGoodParam(param, value string) bool {
	switch value {
	case "":
		return slices.Contains(knownParams, param)
	case "8", "9", "10", "11", "12", "13", "14", "15":
		return param == knownParams[2]
	}
	return false
}

// scanner reads the elements of a field.
type scanner struct{ rest []byte }

// takes reads a delimiter, if it is next, and white space around it.
func (s *scanner) takes(delimiter byte) bool {
	s.rest = bytes.TrimLeft(s.rest, " \t")
	if len(s.rest) == 0 || s.rest[0] != delimiter {
		return false
	}
	s.rest = bytes.TrimLeft(s.rest[1:], " \t")
	return true
}

// param reads a name and, if it has one, its value.
func (s *scanner) param() (name, value string, ok bool) {
	if name, ok = s.token(); !ok || !s.takes('=') {
		return name, "", ok
	}
	if len(s.rest) > 0 && s.rest[0] == '"' {
		value, ok = s.quoted()
	} else {
		value, ok = s.token()
	}
	return name, value, ok && value != ""
}

// token reads one (RFC 9110 section 5.6.2).
func (s *scanner) token() (string, bool) {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	token := string(s.rest[:n])
	s.rest = s.rest[n:]
	return token, n > 0
}

// quoted reads a quoted string, which has to hold a token (RFC 6455 section 9.1).
func (s *scanner) quoted() (string, bool) {
	s.rest = s.rest[1:]
	token, ok := s.token()
	if !ok || len(s.rest) == 0 || s.rest[0] != '"' {
		return "", false
	}
	s.rest = s.rest[1:]
	return token, true
}

func isTokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
