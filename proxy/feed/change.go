package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Pointer is a JSON pointer (RFC 6901), taken apart.
type Pointer []string

// ParsePointer reads a pointer to something within a document.
func ParsePointer(s string) (Pointer, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, fmt.Errorf("JSON pointer %q does not begin with \"/\"", s)
	}
	if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(s), "~") {
		return nil, fmt.Errorf("JSON pointer %q has a \"~\" that is neither \"~0\" nor \"~1\"", s)
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	var p Pointer
	for token := range strings.SplitSeq(s[1:], "/") {
		p = append(p, unescape.Replace(token))
	}
	return p, nil
}

// essence returns what of a body counts when versions are compared: all of it,
// or of a JSON document what the pointers leave, in a form in which white space,
// the order of members and the spelling of strings do not matter. Numbers are
// compared as they are written, and of members with one name the last counts. A
// body that is no JSON counts whole.
func essence(body []byte, ignore []Pointer) []byte {
	doc, ok := parseExactly(body)
	if len(ignore) == 0 || !ok {
		return body
	}
	for _, p := range ignore {
		doc = without(doc, p)
	}
	rest, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return rest
}

// parseExactly parses JSON. It reports false for a document that encoding/json
// would mend, because then two that differ could come out the same.
func parseExactly(body []byte) (doc any, ok bool) {
	if !utf8.Valid(body) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&doc) != nil || hasHalfCharacter(body) {
		return nil, false
	}
	_, err := decoder.Token()
	return doc, err == io.EOF
}

// hasHalfCharacter reports whether JSON has an escaped surrogate without its
// other half (RFC 8259 section 8.2).
func hasHalfCharacter(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return false
		}
		body = body[i:]
		switch first := escaped(body); {
		case !utf16.IsSurrogate(first):
			body = body[2:]
		case utf16.DecodeRune(first, escaped(body[6:])) == utf8.RuneError:
			return true
		default:
			body = body[12:]
		}
	}
}

// escaped is the code unit of a \u escape at the beginning of s; 0 if there is
// none.
func escaped(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}

// without returns a document without what p points to. It may change doc.
func without(doc any, p Pointer) any {
	switch v := doc.(type) {
	case map[string]any:
		if child, ok := v[p[0]]; ok && len(p) > 1 {
			v[p[0]] = without(child, p[1:])
		} else if ok {
			delete(v, p[0])
		}
	case []any:
		i, ok := arrayIndex(p[0])
		if !ok || i >= len(v) {
			break
		}
		if len(p) == 1 {
			// Its place stays, so that what follows keeps its own.
			v[i] = nil
		} else {
			v[i] = without(v[i], p[1:])
		}
	}
	return doc
}

// arrayIndex reads a token as the index of an element (RFC 6901 section 4): digits,
// without zeros in front.
func arrayIndex(token string) (int, bool) {
	i, err := strconv.Atoi(token)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == token
}
