package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Pointer is a JSON pointer (RFC 6901), taken apart.
type Pointer []string

// ParsePointer reads a pointer to something within a document.
func ParsePointer(s string) (Pointer, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, fmt.Errorf("JSON pointer %q does not begin with \"/\"", s)
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	var p Pointer
	for token := range strings.SplitSeq(s[1:], "/") {
		p = append(p, unescape.Replace(token))
	}
	return p, nil
}

// essence returns what of a body counts when versions are compared: all of it,
// or of a JSON document what the pointers leave, in a form in which only the
// content matters. A body that is no JSON counts whole.
func essence(body []byte, ignore []Pointer) []byte {
	if len(ignore) == 0 {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var doc any
	if decoder.Decode(&doc) != nil || decoder.More() {
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
		i, err := strconv.Atoi(p[0])
		if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != p[0] {
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
