package load

import (
	"fmt"
	"net/http"
	"time"
)

// Any is the Length of a body of which nothing is known.
const Any = -1

// Request is what a client sends, again and again, and what it expects: 200, with
// a body of a known length, or 304.
type Request struct {
	Head []byte
	Body []byte // sent behind the head; shared

	Length int64 // of the answer's body, or Any

	// Unchanged has the client expect 304, without a body.
	Unchanged bool
}

// Get builds a request without a body. Fields are whole lines.
func Get(address, target string, length int64, fields ...string) Request {
	head := "GET " + target + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: pollbench\r\nAccept: */*\r\n"
	for _, f := range fields {
		head += f + "\r\n"
	}
	return Request{Head: []byte(head + "\r\n"), Length: length}
}

// Post builds a request with a body.
func Post(address, target string, body []byte, length int64) Request {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pollbench\r\nAccept: */*\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", target, address, len(body))
	return Request{Head: []byte(head), Body: body, Length: length}
}

// buffer is the size of the read buffer that fits the answer.
func (r *Request) buffer() int {
	if r.Length > largeBuffer {
		return largeBuffer
	}
	return smallBuffer
}

// wanted is what is expected.
func (r *Request) wanted() string {
	if r.Unchanged {
		return "304"
	}
	return fmt.Sprintf("200 with %d", r.Length)
}

// poller is one client. It belongs to the goroutine that runs it.
type poller struct {
	conn    *Conn
	request Request
	next    time.Time // when it asks, if it has a pace
}

// ask sends the request and reads the answer.
func (p *poller) ask() error {
	if err := p.send(); err != nil {
		return err
	}
	head, err := p.conn.readHead()
	if err != nil {
		return err
	}
	if p.request.Unchanged && head.Status == http.StatusNotModified {
		return nil
	}
	n, err := p.conn.skip(head)
	if err == nil && (head.Status != http.StatusOK || p.request.Unchanged || n != p.request.Length && p.request.Length != Any) {
		err = fmt.Errorf("%w: status %d with %d bytes, not %s", ErrAnswer, head.Status, n, p.request.wanted())
	}
	return err
}

func (p *poller) send() error {
	_, err := p.conn.Write(p.request.Head)
	if err == nil && len(p.request.Body) > 0 {
		_, err = p.conn.Write(p.request.Body)
	}
	return err
}
