package legacy

import (
	"bufio"
	"errors"
	"net"
	"os"
	"time"
)

// conn is one accepted connection. The goroutine in serve owns it; others may
// close it.
type conn struct {
	net.Conn
	origin  *Faulty
	ordinal int // 1 for the first that the origin accepted
	reader  *bufio.Reader
	closing <-chan struct{} // closed when the origin closes
}

func newConn(origin *Faulty, socket net.Conn, ordinal int, closing <-chan struct{}) *conn {
	return &conn{Conn: socket, origin: origin, ordinal: ordinal, reader: bufio.NewReader(socket), closing: closing}
}

// serve reads request after request until one of the two sides has had enough.
func (c *conn) serve() {
	defer c.Close()
	for c.exchange() {
	}
}

// exchange serves one request and reports whether there may be another.
func (c *conn) exchange() (more bool) {
	head, err := readHead(c.reader)
	if len(head) == 0 {
		return false // the client is done
	}
	request := newRequest(head, err)
	request.At, request.Conn = c.origin.clock(), c.ordinal
	request.Number = c.origin.add(request)

	x := &Exchange{Request: request, conn: c}
	if err != nil || request.parsed == nil {
		x.Respond(Answer{Status: 400})
		return false
	}
	at := c.origin.on(request.Path)
	x.answer = at.answer
	orBehave(at.fault)(x)
	return !x.over && (x.received || !request.hasBody()) && !request.parsed.Close
}

// watch tells when the client goes away, by looking for the next byte. It
// holds the reader until stop. Bytes that the client has already sent hide its
// leaving.
func (c *conn) watch() (left <-chan struct{}, stop func()) {
	gone, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if _, err := c.reader.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			close(gone)
		}
	}()
	return gone, func() {
		c.SetReadDeadline(time.Unix(1, 0)) // long ago: wakes the Peek
		<-done
		c.SetReadDeadline(time.Time{})
	}
}

// reset makes the next Close send RST instead of FIN. What the kernel has not
// sent yet is thrown away. A connection that is not TCP underneath just closes.
func (c *conn) reset() {
	socket := c.Conn
	if wrapped, ok := socket.(interface{ NetConn() net.Conn }); ok { // TLS
		socket = wrapped.NetConn()
	}
	if tcp, ok := socket.(*net.TCPConn); ok {
		tcp.SetLinger(0)
		tcp.Close() // at once: TLS would say goodbye first
	}
	c.Close()
}
