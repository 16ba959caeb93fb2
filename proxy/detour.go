package proxy

import (
	"bytes"

	"github.com/pollmux/pollmux/proxy/head"
)

// maxDecoding is how often some chain of servers may decode a path.
const maxDecoding = 2

// routeOf returns the route that a request is for, or nil. A path goes to the
// origin as it came, and the origin may resolve what is in it: one that climbs
// out of everything that is routed to that origin (/api/..%2fadmin) is for no
// route, as it would be if it were written plainly.
func (all *rules) routeOf(h *head.Head) *route {
	found := all.find(h.Host, h.Path)
	if found == nil || !h.IsPlain() && all.climbsOut(found, h) {
		return nil
	}
	return all.guardOf(found, h.Host, h.Path)
}

// climbsOut reports whether a path that is not plain may lead out of everything
// that is routed to an origin.
func (all *rules) climbsOut(found *route, h *head.Head) bool {
	path := h.Path
	for range maxDecoding + 1 {
		if resolved, climbs := resolve(path); climbs && !all.reaches(found.upstream, h.Host, resolved) {
			return true
		}
		path = decode(path)
	}
	return false
}

// reaches reports whether any route leads a path to an upstream.
func (all *rules) reaches(u *upstream, host, path []byte) bool {
	host = withoutPort(host)
	for _, r := range all.routes {
		if r.upstream == u && r.host.matches(host) && r.Path.Match(path) {
			return true
		}
	}
	return false
}

// resolve removes what servers remove of a path: empty and dot segments, and
// parameters behind a semicolon. Some take a backslash for a slash. climbs says
// that a ".." was among it.
func resolve(path []byte) (resolved []byte, climbs bool) {
	var kept [][]byte
	for segment := range bytes.SplitSeq(bytes.ReplaceAll(path, []byte{'\\'}, []byte{'/'}), []byte{'/'}) {
		segment, _, _ = bytes.Cut(segment, []byte{';'})
		switch string(segment) {
		case "", ".":
		case "..":
			climbs = true
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	return append([]byte{'/'}, bytes.Join(kept, []byte{'/'})...), climbs
}

// decode decodes what is percent-encoded, once. What is not is left.
func decode(path []byte) []byte {
	var decoded []byte
	for i := 0; i < len(path); i++ {
		if c, ok := head.Unescape(path[i:]); ok {
			decoded, i = append(decoded, c), i+2
			continue
		}
		decoded = append(decoded, path[i])
	}
	return decoded
}
