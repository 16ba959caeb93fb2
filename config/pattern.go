package config

import (
	"bytes"
	"fmt"
	"strings"
)

// Pattern matches raw request paths, segment by segment: "*" is exactly one
// segment, "**" any number of them, anything else itself, byte for byte. There
// is no other wildcard and nothing is decoded, so that a pattern can never
// match a path that the origin reads differently (web cache deception).
//
// The zero Pattern matches nothing.
type Pattern struct {
	text     string
	segments []string
}

const (
	anyOne  = "*"
	anyMany = "**"
)

// ParsePattern reads a pattern. Its error says what is wrong and what is
// allowed.
func ParsePattern(s string) (Pattern, error) {
	if !strings.HasPrefix(s, "/") {
		return Pattern{}, fmt.Errorf("%q does not begin with \"/\"; write a pattern such as /api/**", s)
	}
	if strings.ContainsAny(s, "?#") {
		return Pattern{}, fmt.Errorf("%q contains a query or fragment; a pattern matches the path only", s)
	}
	if i := strings.IndexFunc(s, NeverRaw); i >= 0 {
		return Pattern{}, fmt.Errorf("%q contains a character that no raw path has; write it percent-encoded", s)
	}
	segments := strings.Split(s[1:], "/")
	for _, seg := range segments {
		if seg != anyOne && seg != anyMany && strings.Contains(seg, "*") {
			return Pattern{}, fmt.Errorf("%q mixes \"*\" with other characters in one segment; \"*\" is a whole segment, \"**\" any number of them", s)
		}
	}
	if i := indexAnyMany(segments); i >= 0 && indexAnyMany(segments[i+1:]) >= 0 {
		return Pattern{}, fmt.Errorf("%q contains \"**\" more than once; it may stand once in a pattern", s)
	}
	return Pattern{text: s, segments: segments}, nil
}

// NeverRaw reports whether a character cannot stand in the path or query of a
// request (RFC 3986 section 3.3).
func NeverRaw(r rune) bool { return r <= ' ' || r >= 0x7f }

// MustPattern is ParsePattern for patterns known to be right; it panics
// otherwise.
func MustPattern(s string) Pattern {
	p, err := ParsePattern(s)
	if err != nil {
		panic(err)
	}
	return p
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Match reports whether the raw path matches. It allocates nothing.
func (p Pattern) Match(path []byte) bool {
	if len(path) == 0 || path[0] != '/' || p.text == "" {
		return false
	}
	return matchSegments(p.segments, path[1:], true)
}

// matchSegments matches rest, which still holds a segment if more is true.
func matchSegments(segments []string, rest []byte, more bool) bool {
	for i, seg := range segments {
		if seg == anyMany {
			return matchTail(segments[i+1:], rest, more)
		}
		if !more {
			return false
		}
		var head []byte
		head, rest, more = bytes.Cut(rest, []byte{'/'})
		if seg != anyOne && seg != string(head) {
			return false
		}
	}
	return !more
}

// matchTail matches what follows a "**", which may stand for no segment at
// all.
func matchTail(tail []string, rest []byte, more bool) bool {
	if len(tail) == 0 {
		return true
	}
	for ; more; _, rest, more = bytes.Cut(rest, []byte{'/'}) {
		if matchSegments(tail, rest, more) {
			return true
		}
	}
	return false
}

// Covers reports whether every path that q matches is matched by p too.
func (p Pattern) Covers(q Pattern) bool {
	return p.text != "" && covers(p.segments, q.segments)
}

// covers compares two patterns as words over segments, in which only "**" of p
// can stand for a "**" of q, and only a wildcard of p for a "*" of q.
func covers(p, q []string) bool {
	switch {
	case len(p) == 0:
		return len(q) == 0
	case p[0] == anyMany:
		return covers(p[1:], q) || len(q) > 0 && covers(p, q[1:])
	case len(q) == 0 || q[0] == anyMany:
		return false
	default:
		return (p[0] == anyOne || p[0] == q[0]) && covers(p[1:], q[1:])
	}
}

func indexAnyMany(segments []string) int {
	for i, seg := range segments {
		if seg == anyMany {
			return i
		}
	}
	return -1
}
