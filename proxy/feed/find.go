package feed

import (
	"bytes"
	"encoding/json"
)

// find returns the value in a JSON document that a pointer leads to, as it is
// written there; nil if there is none, or the document is no JSON. Of members with
// one name the last counts, as in essence, so all of the document is read; but
// nothing is made of it, nor of the nesting that its author chose.
func find(doc []byte, p Pointer) []byte {
	if !json.Valid(doc) {
		return nil
	}
	value := skip(doc, space)
	for _, token := range p {
		switch value[0] {
		case '{':
			value = member(value[1:], token)
		case '[':
			value = element(value[1:], token)
		default:
			return nil
		}
		if value == nil {
			return nil
		}
	}
	return value[:valueLen(value)]
}

// The rest reads valid JSON only, from a first byte that is as its comment says.

const space = " \t\r\n"

// member returns the last member of that name; nil if there is none. members begin
// behind the "{".
func member(members []byte, name string) (value []byte) {
	for members = skip(members, space); members[0] != '}'; {
		n := valueLen(members)
		key := members[:n]
		members = skip(members[n:], space+":")
		n = valueLen(members)
		if isNamed(key, name) {
			value = members[:n]
		}
		members = skip(members[n:], space+",")
	}
	return value
}

// element returns the element of that index (RFC 6901 section 4); nil if there is
// none. elements begin behind the "[".
func element(elements []byte, index string) []byte {
	i, ok := arrayIndex(index)
	if !ok {
		return nil
	}
	for elements = skip(elements, space); elements[0] != ']'; i-- {
		n := valueLen(elements)
		if i == 0 {
			return elements[:n]
		}
		elements = skip(elements[n:], space+",")
	}
	return nil
}

// isNamed compares a member's name, as it is written, with one that is not escaped.
func isNamed(key []byte, name string) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return string(key[1:len(key)-1]) == name
	}
	var unescaped string
	return json.Unmarshal(key, &unescaped) == nil && unescaped == name
}

// valueLen is how many bytes the value takes that s begins with.
func valueLen(s []byte) int {
	switch s[0] {
	case '"':
		return stringLen(s)
	case '{', '[':
		return nestLen(s)
	}
	if i := bytes.IndexAny(s, space+",]}"); i >= 0 {
		return i
	}
	return len(s)
}

func stringLen(s []byte) int {
	i := 1
	for s[i] != '"' {
		if s[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

// nestLen is the length of an object or array, however deep: what closes one closes
// the innermost.
func nestLen(s []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch s[i] {
		case '"':
			i += stringLen(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// skip leaves out what s begins with of these bytes.
func skip(s []byte, these string) []byte { return bytes.TrimLeft(s, these) }
