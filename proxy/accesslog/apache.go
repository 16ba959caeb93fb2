package accesslog

import (
	"fmt"
	"strings"
)

// apacheFields are the directives of Apache's LogFormat that say something here,
// with their arguments in front in lower case.
var apacheFields = map[string]field{
	"h": addr, "a": addr, "{c}a": skip, "u": user, "t": began, "r": requestLine, "m": verb, "U": path, "q": query,
	"s": status, "b": size, "B": size, "O": size, "D": micros, "T": seconds, "{s}T": seconds, "{ms}T": millis, "{us}T": micros,
	"{user-agent}i": agent, "{x-forwarded-for}i": forwarded, "{host}i": host, "v": skip, "V": host,
	"{sec}t": began, "{msec}t": began, "{usec}t": began, "{begin:sec}t": began, "{begin:msec}t": began, "{begin:usec}t": began,
	"{end:sec}t": clock, "{end:msec}t": clock, "{end:usec}t": clock,
}

// parseApache compiles what stands in Apache's LogFormat: the text alone, or the
// whole directive.
func parseApache(text string) (*layout, error) {
	text = unquoteApache(text)
	var pieces []piece
	for text != "" {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			pieces = append(pieces, piece{literal: text[:i]})
			text = text[i:]
			continue
		}
		name, rest := apacheName(text[1:])
		switch name {
		case "":
			return nil, fmt.Errorf("%% without a directive: write them as %%h or %%{User-Agent}i")
		case "%":
			pieces = append(pieces, piece{literal: "%"})
		case "t":
			// It brings its own brackets.
			pieces = append(pieces, piece{literal: "["}, piece{name: "%t", field: began}, piece{literal: "]"})
		case "q":
			pieces = appendQuery(pieces)
		default:
			pieces = append(pieces, piece{name: "%" + name, field: apacheFields[name]})
		}
		text = rest
	}
	return newLayout(pieces)
}

// appendQuery appends %q, which brings its own question mark and mostly stands right
// behind %U: both together are the target.
func appendQuery(pieces []piece) []piece {
	if n := len(pieces); n > 0 && pieces[n-1].name == "%U" {
		pieces[n-1] = piece{name: "%U%q", field: target}
		return pieces
	}
	return append(pieces, piece{name: "%q", field: query})
}

// apacheName takes a directive off a text, without the conditions and modifiers
// that may stand in it.
func apacheName(text string) (name, rest string) {
	text = strings.TrimLeft(text, "!<>,0123456789")
	argument := ""
	if strings.HasPrefix(text, "{") {
		i := strings.IndexByte(text, '}')
		if i < 0 {
			return "", text
		}
		argument, text = strings.ToLower(text[:i+1]), text[i+1:]
	}
	text = strings.TrimLeft(text, "<>")
	n := 1
	if strings.HasPrefix(text, "^") {
		n = 3 // ^FB, ^ti, ^to
	}
	if len(text) < n {
		return "", text
	}
	return argument + text[:n], text[n:]
}

// unquoteApache takes the format out of a LogFormat or CustomLog directive, if it
// is one.
func unquoteApache(text string) string {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "LogFormat") && !strings.HasPrefix(trimmed, "CustomLog") {
		return text
	}
	i := strings.IndexByte(trimmed, '"')
	if i < 0 {
		return text
	}
	var b strings.Builder
	for rest := trimmed[i+1:]; rest != "" && rest[0] != '"'; rest = rest[1:] {
		if rest[0] == '\\' && len(rest) > 1 {
			rest = rest[1:]
		}
		b.WriteByte(rest[0])
	}
	return b.String()
}
