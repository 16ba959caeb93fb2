package accesslog

import (
	"bytes"

	"github.com/pollmux/pollmux/config"
)

// anyOne and anyMany are the wildcards of a config.Pattern.
const (
	anyOne  = "*"
	anyMany = "**"
)

// isValue reports whether a segment of a path looks like the name of one thing among
// many, and not like the name of a sort of things: a number, a UUID, a hash, a date,
// or what a computer made up.
func isValue(seg []byte) bool {
	if len(seg) == 0 {
		return false
	}
	numbers, letters, marks, hex := 0, 0, 0, true
	for _, c := range seg {
		switch {
		case c >= '0' && c <= '9':
			numbers++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letters++
			hex = hex && (c|0x20) <= 'f'
		case c == '-' || c == '_' || c == '.' || c == ':' || c == ',' || c == '~' || c == '%':
			marks++
		default:
			return true // nothing that names are made of
		}
	}
	switch {
	case numbers == 0:
		return len(seg) > 40
	case letters == 0:
		return true // a number, a date, coordinates
	case hex && numbers+letters >= 8:
		return true // a hash, a UUID
	case len(seg) >= 16 && numbers*5 >= len(seg):
		return true
	}
	// Version numbers, as in v1, are names; item-12345 is not.
	return numbers >= 4 && !bytes.ContainsRune(seg, '.') || numbers > letters+marks && numbers >= 3
}

// deepest is how many segments of a path are told apart; what follows is "**".
const deepest = 8

// segments calls visit with each segment as a pattern would have it, until that says
// stop. Numbers keep what stands behind a dot: 17.json is one thing among many all the
// same.
func segments(path []byte, visit func(seg []byte, value bool) bool) {
	path = bytes.TrimPrefix(path, []byte{'/'})
	for n := 0; ; n++ {
		seg, rest, more := bytes.Cut(path, []byte{'/'})
		if n == deepest {
			visit([]byte(anyMany), false)
			return
		}
		if !visit(seg, isValue(seg) || !isLiteral(seg)) || !more {
			return
		}
		path = rest
	}
}

// isLiteral reports whether a segment can stand in a pattern for itself.
func isLiteral(seg []byte) bool {
	return bytes.IndexByte(seg, '*') < 0 && bytes.IndexFunc(seg, config.NeverRaw) < 0 && !bytes.ContainsAny(seg, "?#")
}
