package head

import (
	"bytes"
	"net/netip"
	"strconv"
)

// parseTarget reads the request target (RFC 9112 section 3.2) and the
// authority it is meant for.
func (h *Head) parseTarget(target []byte) error {
	switch {
	case string(h.Method) == "CONNECT" || string(h.Method) == "TRACE":
		return &Error{Status: 405, Text: string(h.Method) + " is not served here"}
	case string(target) == "*" && string(h.Method) != "OPTIONS":
		return bad("the target \"*\" is for OPTIONS only")
	case bytes.IndexByte(target, '#') >= 0:
		return bad("a fragment in the request target (RFC 9112 section 3.2)")
	case !isTarget(target):
		return bad("a byte in the request target that must be percent-encoded")
	}
	host, err := h.parseHost()
	if err != nil {
		return err
	}
	if len(target) > 0 && target[0] != '/' && target[0] != '*' {
		if target, host, err = splitAbsolute(target); err != nil {
			return err
		}
	}
	return h.setTarget(target, host)
}

func (h *Head) setTarget(target, host []byte) error {
	if !isAuthority(host) && !(h.HTTP10 && len(host) == 0) {
		return bad("Host is not host[:port] (RFC 9112 section 3.2)")
	}
	h.lower = append(h.lower, host...)
	for i, c := range h.lower {
		h.lower[i] = lowerByte(c)
	}
	h.Host, h.Target = h.lower, target
	h.Path = target
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		h.Path, h.Query = target[:i], target[i+1:]
	}
	return nil
}

func (h *Head) parseHost() ([]byte, error) {
	if n := h.count(Host); n > 1 || n == 0 && !h.HTTP10 {
		return nil, bad("exactly one Host is required (RFC 9112 section 3.2)")
	}
	return h.Get(Host), nil
}

// splitAbsolute takes an absolute target apart. Its authority replaces Host
// (RFC 9112 section 3.2.2).
func splitAbsolute(target []byte) (origin, host []byte, err error) {
	scheme, rest, found := bytes.Cut(target, []byte("://"))
	if !found || !equalFold(scheme, "http") && !equalFold(scheme, "https") {
		return nil, nil, bad("the request target is neither a path nor an http URL")
	}
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if host, origin = rest[:end], rest[end:]; len(host) == 0 {
		return nil, nil, bad("an http URL without a host (RFC 9110 section 4.2.1)")
	}
	if len(origin) == 0 || origin[0] == '?' {
		origin = append([]byte{'/'}, origin...)
	}
	return origin, host, nil
}

// isTarget reports whether every byte may stand in a request line as it is.
func isTarget(target []byte) bool {
	for _, c := range target {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(target) > 0
}

// isAuthority reports whether b is a host with an optional port. A user name in
// it would become an Authorization further on.
func isAuthority(b []byte) bool {
	host := b
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i:], ']') < 0 {
		port, err := strconv.ParseUint(string(b[i+1:]), 10, 16)
		if err != nil || port == 0 {
			return false
		}
		host = b[:i]
	}
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		addr, err := netip.ParseAddr(string(host[1 : len(host)-1]))
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	return isHostName(host)
}

func isHostName(host []byte) bool {
	for _, c := range host {
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return len(host) > 0 && len(host) <= 255
}

// IsPlain reports whether everybody reads the target the same way: no
// dot-segments or empty segments, nothing encoded in the path that decodes to a
// delimiter, no path parameters, no raw bytes beyond ASCII. Only such targets
// are coalesced; the others pass through as they are (web cache deception).
func (h *Head) IsPlain() bool {
	for i := 0; i < len(h.Path); i++ {
		switch c := h.Path[i]; {
		case c > 0x7e, c == '\\', c == ';':
			return false
		case c == '%':
			if !isPlainEscape(h.Path[i:]) {
				return false
			}
		case c == '/':
			if !isPlainSegment(h.Path[i+1:]) {
				return false
			}
		}
	}
	return isPlainQuery(h.Query)
}

// isPlainSegment looks at the beginning of a segment: an empty one in the
// middle, "." and ".." are not plain.
func isPlainSegment(rest []byte) bool {
	end := bytes.IndexByte(rest, '/')
	seg := rest
	if end >= 0 {
		seg = rest[:end]
	}
	return !(len(seg) == 0 && end >= 0) && string(seg) != "." && string(seg) != ".."
}

// isPlainEscape reports whether a "%" begins two hex digits of a byte that is
// neither a delimiter of paths nor a control character nor a dot.
func isPlainEscape(rest []byte) bool {
	c, ok := Unescape(rest)
	return ok && c > ' '-1 && c != 0x7f && bytes.IndexByte([]byte("/\\.;?#%"), c) < 0
}

// isPlainQuery reports whether a query has only escapes that decode, and
// nothing beyond ASCII.
func isPlainQuery(query []byte) bool {
	for i, c := range query {
		if c > 0x7e || c == '\\' {
			return false
		}
		if c == '%' {
			if _, ok := Unescape(query[i:]); !ok {
				return false
			}
		}
	}
	return true
}

// Unescape decodes the "%2f" that s begins with, if it does with one.
func Unescape(s []byte) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	hi, ok1 := unhex(s[1])
	lo, ok2 := unhex(s[2])
	return hi<<4 | lo, ok1 && ok2
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
