package upgrade

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"time"
)

// Wish is what of a request chooses the transport. A nil slice is a field that
// is not there.
type Wish struct {
	WebSocket bool   // the request is a WebSocket handshake
	Accept    []byte // all lines, joined
	Prefer    []byte // all lines, joined
	Wait      []byte // value of the route's wait_query parameter
	Transport []byte // value of the route's transport_query parameter
}

// Choice is the transport that a request gets.
type Choice struct {
	Transport Transport

	// Wait is how long the client is ready to be held, for Longpoll.
	Wait time.Duration

	// Accept was read to choose: the origin is not told.
	Accept bool

	// Alias says that the client called the stream's media type by its other
	// name, by which it is to be answered.
	Alias bool

	// Picture says that the client cannot name the transport in a field, so a
	// multipart stream is for an <img>.
	Picture bool
}

// Negotiate chooses the transport of a GET. ok is false if what the client
// insists on is not served; Transport then names it, and is Pass if it is none.
func Negotiate(w Wish, served Set) (c Choice, ok bool) {
	if w.WebSocket {
		return Choice{Transport: WebSocket}, served.Has(WebSocket)
	}
	if w.Transport != nil {
		return named(w, served)
	}
	wait, asked := waitFor(w)
	answers := served.Has(Poll) || asked && served.Has(Longpoll)
	stream, alternative := preferredStream(w.Accept, served, answers)
	if t := stream.Transport; t != Pass && (served.Has(t) || !alternative) {
		return Choice{Transport: t, Accept: true, Alias: stream.alias}, served.Has(t)
	}
	if asked {
		return Choice{Transport: Longpoll, Wait: wait}, served.Has(Longpoll)
	}
	return Choice{Transport: Poll}, served.Has(Poll)
}

// named chooses the transport that a parameter asks for, as a client does that
// cannot say it in a field.
func named(w Wish, served Set) (c Choice, ok bool) {
	c.Transport = ParseTransport(string(w.Transport))
	switch c.Transport {
	case Pass, WebSocket:
		return Choice{}, false
	case Longpoll:
		var asked bool
		if c.Wait, asked = waitFor(w); !asked {
			c.Wait = math.MaxInt64 // whatever the route allows
		}
	case SSE, NDJSON, Multipart:
		c.Accept = true
		c.Picture = c.Transport == Multipart
	}
	return c, served.Has(c.Transport)
}

// preferredStream returns the stream that an Accept field likes best: of those
// that are served, or else of all, to be refused by its name. alternative says
// that the client would take an answer as well, if answers are to be had.
func preferredStream(accept []byte, served Set, answers bool) (best stream, alternative bool) {
	if bytes.IndexByte(accept, '/') < 0 {
		return stream{}, true
	}
	bestQ, otherQ := 0, 0
	for rest := accept; len(rest) > 0; {
		var member []byte
		member, rest = cutList(rest, ',')
		mediaType, params := cutList(member, ';')
		if mediaType = bytes.TrimSpace(mediaType); len(mediaType) == 0 {
			continue // an empty member of the list (RFC 9110 section 5.6.1.2)
		}
		s, q := streamType(mediaType), quality(params)
		switch {
		case s.Transport == Pass:
			otherQ = max(otherQ, q)
		case q == 0, served.Has(best.Transport) && !served.Has(s.Transport):
		case q > bestQ, served.Has(s.Transport) && !served.Has(best.Transport):
			best, bestQ = s, q
		}
	}
	if !answers {
		otherQ = 0
	}
	if best.Transport == Pass || otherQ > bestQ {
		return stream{}, true
	}
	return best, otherQ > 0
}

// cutList takes the first member off a list, at the first separator outside
// quotes (RFC 9110 section 5.6.4).
func cutList(list []byte, separator byte) (member, rest []byte) {
	member, rest, _ = bytes.Cut(list, []byte{separator})
	if bytes.IndexByte(member, '"') < 0 {
		return member, rest
	}
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return list, nil
}

// stream is a media type that is one; Pass if it is none.
type stream struct {
	Transport
	alias bool // of its two names the second
}

func streamType(mediaType []byte) stream {
	for t := SSE; t <= Multipart; t++ {
		for i, name := range mediaTypes[t] {
			if bytes.EqualFold(mediaType, []byte(name)) {
				return stream{t, i > 0}
			}
		}
	}
	return stream{}
}

// mediaTypes are the names of the streams.
var mediaTypes = [Transports][]string{
	SSE:       {"text/event-stream"},
	NDJSON:    {"application/x-ndjson", "application/jsonl"},
	Multipart: {"multipart/x-mixed-replace", "multipart/mixed"},
}

// quality reads q from the parameters of a media range, in thousandths (RFC
// 9110 section 12.4.2). What cannot be read counts as 1.
func quality(params []byte) int {
	for len(params) > 0 {
		var param []byte
		param, params = cutList(params, ';')
		name, value, _ := bytes.Cut(param, []byte{'='})
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte{'q'}) {
			continue
		}
		if q, ok := parseQuality(bytes.TrimSpace(value)); ok {
			return q
		}
	}
	return 1000
}

// parseQuality reads a number from 0 to 1. Java's own client leaves out the zero
// before the point.
func parseQuality(value []byte) (thousandths int, ok bool) {
	q, err := strconv.ParseFloat(string(value), 64)
	return int(q*1000 + 0.5), err == nil && q >= 0 && q <= 1
}

// waitFor reads how long the client is ready to wait: the query parameter, or
// else Prefer (RFC 7240 section 4.3), of whose waits the first counts. Zero and
// what cannot be read are no wish to wait.
func waitFor(w Wish) (wait time.Duration, asked bool) {
	if w.Wait != nil {
		return parseWait(w.Wait)
	}
	for rest := w.Prefer; len(rest) > 0; {
		var member []byte
		member, rest = cutList(rest, ',')
		member, _ = cutList(member, ';')
		name, value, _ := bytes.Cut(member, []byte{'='})
		if bytes.EqualFold(bytes.TrimSpace(name), []byte("wait")) {
			return parseWait(unquoted(bytes.TrimSpace(value)))
		}
	}
	return 0, false
}

// unquoted takes the quotes off a quoted string.
func unquoted(value []byte) []byte {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}

// parseWait reads whole seconds. Of too many there are enough.
func parseWait(value []byte) (time.Duration, bool) {
	n, err := strconv.ParseUint(string(value), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // and n is the largest
	}
	return time.Duration(min(n, math.MaxInt32)) * time.Second, err == nil && n > 0
}
