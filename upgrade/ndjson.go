package upgrade

import (
	"bytes"
	"encoding/json"
)

// appendLine writes a snapshot as one line of JSON. What is not JSON cannot be
// told.
func (u *Update) appendLine(b []byte) ([]byte, error) {
	if !u.IsJSON() {
		return nil, errFormat
	}
	line := bytes.NewBuffer(b)
	if err := json.Compact(line, bytes.TrimPrefix(u.Body, []byte("\xef\xbb\xbf"))); err != nil {
		return nil, errFormat
	}
	return append(line.Bytes(), '\n'), nil
}
