package upgrade

import (
	"bytes"
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
}

// Choice is the transport that a request gets.
type Choice struct {
	Transport Transport

	// Wait is how long the client is ready to be held, for Longpoll.
	Wait time.Duration

	// Accept was read to choose: the origin is not told.
	Accept bool
}

// Negotiate chooses the transport of a GET. ok is false if what the client
// insists on is not served; Transport then names it.
func Negotiate(w Wish, served Set) (c Choice, ok bool) {
	if w.WebSocket {
		return Choice{Transport: WebSocket}, served.Has(WebSocket)
	}
	stream, alternative := preferredStream(w.Accept)
	if stream != Pass && (served.Has(stream) || !alternative) {
		return Choice{Transport: stream, Accept: true}, served.Has(stream)
	}
	wait, asked := waitFor(w)
	if asked && (served.Has(Longpoll) || !served.Has(Poll)) {
		return Choice{Transport: Longpoll, Wait: wait}, served.Has(Longpoll)
	}
	return Choice{Transport: Poll}, served.Has(Poll)
}

// preferredStream returns the stream that an Accept field likes best, and
// whether it would take something else as well.
func preferredStream(accept []byte) (stream Transport, alternative bool) {
	if bytes.IndexByte(accept, '/') < 0 {
		return Pass, true
	}
	best, bestQ, otherQ := Pass, 0, 0
	for rest := accept; len(rest) > 0; {
		var member []byte
		member, rest, _ = bytes.Cut(rest, []byte{','})
		mediaType, params, _ := bytes.Cut(member, []byte{';'})
		t, q := streamType(bytes.TrimSpace(mediaType)), quality(params)
		switch {
		case t == Pass:
			otherQ = max(otherQ, q)
		case q > bestQ:
			best, bestQ = t, q
		}
	}
	if best == Pass || otherQ > bestQ {
		return Pass, true
	}
	return best, otherQ > 0
}

func streamType(mediaType []byte) Transport {
	switch {
	case bytes.EqualFold(mediaType, []byte("text/event-stream")):
		return SSE
	case bytes.EqualFold(mediaType, []byte("application/x-ndjson")), bytes.EqualFold(mediaType, []byte("application/jsonl")):
		return NDJSON
	case bytes.EqualFold(mediaType, []byte("multipart/x-mixed-replace")), bytes.EqualFold(mediaType, []byte("multipart/mixed")):
		return Multipart
	}
	return Pass
}

// quality reads q from the parameters of a media range, in thousandths (RFC
// 9110 section 12.4.2). What cannot be read counts as 1.
func quality(params []byte) int {
	for len(params) > 0 {
		var param []byte
		param, params, _ = bytes.Cut(params, []byte{';'})
		name, value, _ := bytes.Cut(bytes.TrimSpace(param), []byte{'='})
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte{'q'}) {
			continue
		}
		q, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
		if err == nil && q >= 0 && q <= 1 {
			return int(q * 1000)
		}
	}
	return 1000
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
		member, rest, _ = bytes.Cut(rest, []byte{','})
		member, _, _ = bytes.Cut(member, []byte{';'})
		name, value, _ := bytes.Cut(member, []byte{'='})
		if bytes.EqualFold(bytes.TrimSpace(name), []byte("wait")) {
			return parseWait(bytes.Trim(value, ` "`+"\t"))
		}
	}
	return 0, false
}

// parseWait reads whole seconds.
func parseWait(value []byte) (time.Duration, bool) {
	n, err := strconv.ParseUint(string(value), 10, 31)
	return time.Duration(n) * time.Second, err == nil && n > 0
}
