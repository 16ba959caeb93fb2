package upgrade

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// appendLine writes a snapshot as one line of JSON. What is not JSON cannot be
// told, nor what is not UTF-8 (RFC 8259 section 8.1), which json.Compact does not
// look at.
func (u *Update) appendLine(b []byte) ([]byte, error) {
	if !u.IsJSON() || !utf8.Valid(u.Body) {
		return nil, errFormat
	}
	line := bytes.NewBuffer(b)
	if err := json.Compact(line, bytes.TrimPrefix(u.Body, []byte("\xef\xbb\xbf"))); err != nil {
		return nil, errFormat
	}
	return append(line.Bytes(), '\n'), nil
}
