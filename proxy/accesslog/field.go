package accesslog

import (
	"bytes"
	"strconv"
)

// field is what a part of a line says.
type field uint8

const (
	skip        field = iota
	addr              // of the client
	addrPort          // the same, with a port
	forwarded         // X-Forwarded-For
	user              //
	requestLine       // "GET /path HTTP/1.1"
	verb              //
	target            // path and query
	path              // without the query
	query             // with or without "?"
	status            //
	size              // of the answer
	agent             //
	host              //
	clock             // a date in one of the usual spellings, or seconds since 1970
	began             // the same, of the moment when the request came
	seconds           // that it took
	millis            //
	micros            //
	nanos             //
	timers            // HAProxy's, of which the last is the total in milliseconds
	duration          // in a unit that depends on what else there is
)

var get = []byte("GET")

// put takes in what a field says, and reports whether that can be.
func (e *Entry) put(f field, v []byte, c *calendar) bool {
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return f != requestLine && f != target && f != path
	}
	switch f {
	case addr, addrPort:
		e.putAddr(f, v)
	case forwarded:
		return e.putForwarded(v)
	case user:
		e.User = v
	case agent:
		e.Agent = v
	case host:
		e.Host = v
	case verb:
		e.Method = v
	case query:
		e.query = v
	case requestLine:
		return e.putRequest(v)
	case target, path:
		return e.putTarget(f, v)
	case status:
		n, ok := number(v)
		e.Status = int(n)
		return ok && n < 1000
	case size:
		if n, ok := number(v); ok {
			e.Bytes = n
		}
	case clock, began:
		return e.putTime(f, v, c)
	case seconds, millis, micros, nanos, timers:
		e.putTook(f, v)
	}
	return true
}

// putTime takes the finer one of two dates.
func (e *Entry) putTime(f field, v []byte, c *calendar) bool {
	nanos, fine, ok := c.parse(v)
	if ok && (fine || !e.Fine) {
		e.Time, e.Fine, e.AtStart = nanos, fine, f == began
	}
	return ok
}

func (e *Entry) putAddr(f field, v []byte) {
	if e.proxy {
		return // this one is the proxy's
	}
	if f == addrPort {
		if i := bytes.LastIndexByte(v, ':'); i > 0 && (bytes.IndexByte(v, ':') == i || v[i-1] == ']' || v[0] != '[') {
			v = v[:i]
		}
	}
	e.Addr = v
}

// putForwarded takes the first of the addresses that a request came by.
func (e *Entry) putForwarded(v []byte) bool {
	first, _, _ := bytes.Cut(v, []byte{','})
	for _, c := range first {
		if (c < '0' || c > ':') && (c|0x20 < 'a' || c|0x20 > 'f') && c != '.' && c != ' ' && c != '[' && c != ']' {
			return false
		}
	}
	e.Addr, e.proxy = bytes.TrimSpace(first), true
	return true
}

// putRequest takes a request line apart. What is no request line of HTTP is
// broken, such as the TLS handshakes that reach plain ports.
func (e *Entry) putRequest(v []byte) bool {
	i := bytes.IndexByte(v, ' ')
	if i <= 0 || !isMethod(v[:i]) {
		return false
	}
	e.Method = v[:i]
	if e.target {
		return true // the line has it in a field of its own
	}
	rest := v[i+1:]
	if j := bytes.LastIndexByte(rest, ' '); j >= 0 {
		rest = rest[:j]
	}
	e.Target = rest
	return isTarget(rest)
}

func (e *Entry) putTarget(f field, v []byte) bool {
	if e.target && f == path {
		return true // it may have been rewritten
	}
	e.Target, e.target = v, f == target
	return isTarget(v)
}

func (e *Entry) putTook(f field, v []byte) {
	if f == timers {
		v = v[bytes.LastIndexByte(v, '/')+1:]
		f = millis
	}
	switch f {
	case seconds:
		e.took(v, 1e9)
	case millis:
		e.took(v, 1e6)
	case micros:
		e.took(v, 1e3)
	default:
		e.took(v, 1)
	}
}

// took reads how long it took, in units of so many nanoseconds. Of several times,
// one per server that was tried, the last counts.
func (e *Entry) took(v []byte, unit float64) {
	if i := bytes.LastIndexAny(v, " ,:"); i >= 0 {
		v = v[i+1:]
	}
	v = bytes.TrimPrefix(v, []byte{'+'})
	if n, ok := number(v); ok {
		e.Took = clampTook(float64(n) * unit)
		return
	}
	if x, err := strconv.ParseFloat(string(v), 64); err == nil && x >= 0 {
		e.Took = clampTook(x * unit)
	}
}

// clampTook keeps what no request takes out of sums.
func clampTook(nanoseconds float64) int64 { return int64(min(nanoseconds, 24*3600e9)) }

func isMethod(v []byte) bool {
	for _, c := range v {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(v) <= 24
}

func isTarget(v []byte) bool {
	return len(v) > 0 && (v[0] == '/' || len(v) == 1 && v[0] == '*' || bytes.Contains(v, []byte("://")) || bytes.IndexByte(v, ':') > 0)
}

// number reads digits, perhaps behind HAProxy's "+".
func number(v []byte) (n int64, ok bool) {
	if len(v) > 1 && v[0] == '+' {
		v = v[1:]
	}
	if len(v) == 0 || len(v) > 18 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
