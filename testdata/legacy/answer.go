package legacy

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// lastChunk ends a chunked body that has no trailer.
const lastChunk = "0\r\n\r\n"

// Answer is what a Faulty origin says, before any Fault. The fields of the
// head are sent sorted by name. A Date is added, and a Content-Length where one
// belongs; a field that is in Header is sent as it is there, right or wrong,
// and a nil value leaves it out: Content-Length: nil is a body that ends with
// the connection.
type Answer struct {
	Status  int // default 200
	Header  http.Header
	Body    []byte
	Chunked bool        // send the body as one chunk, without a Content-Length
	Trailer http.Header // after a chunked body
}

// Conditional is an AnswerFunc with the manners of a good origin: 304 to a
// request whose If-None-Match is the answer's ETag, letter by letter.
func Conditional(answer Answer) func(*Request) Answer {
	return func(r *Request) Answer {
		tag := answer.Header.Get("ETag")
		if tag == "" || r.Header.Get("If-None-Match") != tag {
			return answer
		}
		return Answer{Status: http.StatusNotModified, Header: answer.Header}
	}
}

// FromHandler is an AnswerFunc that asks a handler, so that any of the legacy
// origins can be made faulty. The answer is complete before its first byte is
// sent.
func FromHandler(handler http.Handler) func(*Request) Answer {
	return func(r *Request) Answer {
		request, err := r.HTTP()
		if err != nil {
			return Answer{Status: http.StatusBadRequest}
		}
		answer := &answerWriter{answer: Answer{Header: make(http.Header)}}
		handler.ServeHTTP(answer, request)
		return answer.answer
	}
}

type answerWriter struct{ answer Answer }

func (w *answerWriter) Header() http.Header { return w.answer.Header }

func (w *answerWriter) WriteHeader(status int) {
	if status >= 200 {
		w.answer.Status = cmp.Or(w.answer.Status, status)
	}
}

func (w *answerWriter) Write(p []byte) (int, error) {
	w.answer.Body = append(w.answer.Body, p...)
	return len(p), nil
}

// render returns the bytes of the answer to a request with that method. Where
// HTTP knows no body there is none (RFC 9112, 6.3).
func (a Answer) render(method string, now time.Time) (head, body []byte) {
	status := cmp.Or(a.Status, http.StatusOK)
	header := a.framed(status)
	if _, set := header["Date"]; !set {
		header.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	header.Write(&text)
	text.WriteString("\r\n")
	if method != http.MethodHead && mayHaveBody(status) {
		body = a.encoded()
	}
	return text.Bytes(), body
}

// framed is the header with the fields that say where the body ends.
func (a Answer) framed(status int) http.Header {
	header := make(http.Header, len(a.Header)+2)
	maps.Copy(header, a.Header)
	_, sized := header["Content-Length"]
	_, coded := header["Transfer-Encoding"]
	switch {
	case a.Chunked:
		header.Del("Content-Length")
		header.Set("Transfer-Encoding", "chunked")
		if len(a.Trailer) > 0 {
			header.Set("Trailer", strings.Join(slices.Sorted(maps.Keys(a.Trailer)), ", "))
		}
	case !sized && !coded && mayHaveBody(status):
		header.Set("Content-Length", fmt.Sprint(len(a.Body)))
	}
	return header
}

// isLast reports whether the connection has to end after the answer.
func (a Answer) isLast() bool {
	status := cmp.Or(a.Status, http.StatusOK)
	header := a.framed(status)
	framed := header.Get("Content-Length") != "" || header.Get("Transfer-Encoding") != "" || !mayHaveBody(status)
	return !framed || strings.EqualFold(header.Get("Connection"), "close")
}

func (a Answer) encoded() []byte {
	if !a.Chunked {
		return a.Body
	}
	var text bytes.Buffer
	if len(a.Body) > 0 {
		text.Write(chunk(a.Body))
	}
	if len(a.Trailer) == 0 {
		text.WriteString(lastChunk)
		return text.Bytes()
	}
	text.WriteString("0\r\n")
	a.Trailer.Write(&text)
	text.WriteString("\r\n")
	return text.Bytes()
}

func chunk(data []byte) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data) }

func mayHaveBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
