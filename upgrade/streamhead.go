package upgrade

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// contentType of the stream, as clients compare it.
func (s *Stream) contentType() string {
	names := mediaTypes[s.kind]
	name := names[0]
	if s.alias {
		name = names[len(names)-1]
	}
	if s.kind == Multipart {
		return name + "; boundary=" + boundary
	}
	return name
}

// appendHead writes the response's head. No cache may keep it, nothing may
// transform it, and nginx shall not collect it.
func (s *Stream) appendHead(b []byte, fields []Field) []byte {
	b = appendStatus(b, http.StatusOK)
	b = appendField(b, "Content-Type", s.contentType())
	if s.flow != nil {
		b = appendField(b, "Content-Encoding", s.flow.coding.String())
	}
	b = appendField(b, "Cache-Control", "no-store, no-transform")
	b = appendField(b, "X-Accel-Buffering", "no")
	b = appendField(b, "Date", time.Now().UTC().Format(http.TimeFormat))
	for _, f := range fields {
		b = appendField(b, f.Name, f.Value)
	}
	if s.chunked {
		b = appendField(b, "Transfer-Encoding", "chunked")
	}
	return append(appendField(b, "Connection", "close"), "\r\n"...)
}

// opening is what a client gets at once, whether there is a snapshot or not.
func (s *Stream) opening() []byte {
	switch s.kind {
	case SSE:
		return append([]byte(eventComment), retryField(jitterUp(retryUsual))...)
	case Multipart:
		return []byte(delimiter)
	}
	return nil
}

// FullEvents is the whole answer to an EventSource when the proxy takes no more
// subscribers. A browser would give up for good on any status but 200.
func FullEvents(fields []Field, http10 bool) []byte {
	s := Stream{kind: SSE, chunked: !http10}
	b := s.appendHead(nil, fields)
	b = s.append(b, retryField(jitterUp(retryFull)))
	return append(b, s.goodbye()...)
}

// jitterUp adds up to as much again.
func jitterUp(d time.Duration) time.Duration { return d + rand.N(d) }

// isCORS reports whether a field is part of the answer to a browser's
// cross-origin check, which streams need as well.
func isCORS(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return strings.HasPrefix(name, "Access-Control-") || name == "Timing-Allow-Origin" || name == "Cross-Origin-Resource-Policy"
}

// CORS returns the fields of an update that a browser's cross-origin check
// looks at.
func (u *Update) CORS() []Field {
	var fields []Field
	for _, f := range u.Header {
		if isCORS(f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}
