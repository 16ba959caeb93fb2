package legacy

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// maxWrites and maxWriteBody bound the log of writes.
const (
	maxWrites    = 1 << 16
	maxWriteBody = 4 << 10
)

// Write is one request with an unsafe method, as it arrived. A write that was
// sent once and is in the log twice was repeated on the way; one that is not
// there was lost. Put something unique into the body to tell.
type Write struct {
	Number int // 1 for the first, no gaps
	At     time.Time
	Method string
	Path   string // as the client sent it, without the query
	Body   []byte // what the origin read of it, at most 4 KiB
	Status int    // 0 while it is not answered
}

func isWrite(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

// logWrite notes a write as soon as its head is there, so that one that hangs
// or is cut off is seen too, and returns what completes the note.
func (c *Counter) logWrite(r *http.Request, answer *countedAnswer) (finish func()) {
	body := &bodyCopy{ReadCloser: r.Body}
	if r.Body == nil { // a handler called by hand
		body.ReadCloser = http.NoBody
	}
	r.Body = body
	number := c.startWrite(r)
	return func() { c.finishWrite(number, body.kept.Bytes(), answer.status) }
}

func (c *Counter) startWrite(r *http.Request) (number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.numbered++
	c.writes = append(c.writes, Write{Number: c.numbered, At: c.clock(), Method: r.Method, Path: sentPath(r)})
	if len(c.writes) > maxWrites {
		c.writes = c.writes[1:]
	}
	return c.numbered
}

func (c *Counter) finishWrite(number int, body []byte, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place := number - (c.numbered - len(c.writes)) - 1
	if place < 0 || place >= len(c.writes) {
		return // pushed out by later ones, or forgotten
	}
	c.writes[place].Body, c.writes[place].Status = body, status
}

// bodyCopy keeps the beginning of what is read through it.
type bodyCopy struct {
	io.ReadCloser
	kept bytes.Buffer
}

func (b *bodyCopy) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.kept.Write(p[:min(n, maxWriteBody-b.kept.Len())])
	return n, err
}
