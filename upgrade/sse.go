package upgrade

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// appendEvent writes a snapshot as a server-sent event (WHATWG HTML section
// 9.2.6): its ID, and each of its lines as data. A client joins the lines with
// line feeds, so CR and CRLF become LF. What is not UTF-8 cannot be told: a
// browser would replace it.
func (u *Update) appendEvent(b []byte) ([]byte, error) {
	if !u.isUTF8() {
		return nil, errFormat
	}
	if isEventField(u.ID) {
		b = append(append(append(b, "id: "...), u.ID...), '\n')
	}
	for rest, more := u.Body, true; more; {
		var line []byte
		line, rest, more = cutLine(rest)
		b = append(append(append(b, "data: "...), line...), '\n')
	}
	return append(b, '\n'), nil
}

// cutLine takes a line off, at LF, CR or CRLF, and reports whether one follows.
func cutLine(b []byte) (line, rest []byte, more bool) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil, false
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:], true
	}
	return b[:i], b[i+1:], true
}

// isEventField reports whether a value can stand in a field of an event.
func isEventField(s string) bool { return s != "" && !strings.ContainsAny(s, "\r\n\x00") }

// statusEvent tells that the source turned stale, and why, or recovered.
func statusEvent(reason string) []byte {
	status := struct {
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
	}{State: "live", Reason: reason}
	if reason != "" {
		status.State = "stale"
	}
	data, _ := json.Marshal(status) // two strings always marshal
	return append(append([]byte("event: status\ndata: "), data...), "\n\n"...)
}

// retryField tells a browser how long to wait before it connects again.
func retryField(d time.Duration) []byte {
	return append(strconv.AppendInt([]byte("retry: "), d.Milliseconds(), 10), "\n\n"...)
}

// A comment, which clients ignore.
const eventComment = ":\n\n"
