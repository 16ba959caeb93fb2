package legacy

import (
	"bufio"
	"io"
	"net"
	"time"
)

// Fault is what a Faulty origin does with one request instead of answering it
// well. It runs in the connection's goroutine; when it returns, the connection
// is kept for the next request, unless Close or Reset was called, a write
// failed, or the request's body was not received.
//
// The faults below are constructors; a test may write its own.
type Fault func(x *Exchange)

// Exchange is one request and the bare connection on which to answer it. It
// belongs to the Fault that got it and ends with it.
type Exchange struct {
	Request *Request

	conn     *conn
	answer   func(*Request) Answer
	received bool // the body, or it was tried
	unread   bool // it shall not be
	over     bool // the connection is
}

// Receive reads the request's body, after a 100 Continue if the client waits
// for one, and records it. It blocks until the body is there. Answer and Write
// do it first if it was not done.
func (x *Exchange) Receive() error {
	if x.received || x.unread || !x.Request.hasBody() {
		return nil
	}
	x.received = true
	if x.Request.expectsContinue() {
		io.WriteString(x.conn, "HTTP/1.1 100 Continue\r\n\r\n") // a failure shows below
	}
	var body keptBody
	err := x.Request.readBody(&body, x.conn.reader)
	x.Request.Body, x.Request.BodySize, x.Request.Whole = body.kept, body.size, err == nil
	x.conn.origin.complete(x.Request)
	if err != nil {
		x.Close()
	}
	return err
}

// Answer returns what a well-behaved origin would say.
func (x *Exchange) Answer() Answer {
	x.Receive() // a cut request gets its answer written to nobody
	return x.answer(x.Request)
}

// Render returns the bytes of an answer to this request.
func (x *Exchange) Render(answer Answer) (head, body []byte) {
	return answer.render(x.Request.Method, x.conn.origin.clock())
}

func (x *Exchange) render(answer Answer) []byte {
	head, body := x.Render(answer)
	return append(head, body...)
}

// Respond writes an answer in one piece. An answer with Connection: close, or
// without anything that says where its body ends, closes the connection.
func (x *Exchange) Respond(answer Answer) error {
	err := x.Write(x.render(answer))
	if answer.isLast() {
		x.Close()
	}
	return err
}

// Write puts bytes on the wire, whatever they are. It blocks while the client
// does not read. After an error the connection is over.
func (x *Exchange) Write(p []byte) error {
	if err := x.Receive(); err != nil {
		return err
	}
	_, err := x.conn.Write(p)
	if err != nil {
		x.Close()
	}
	return err
}

// Wait blocks until the channel yields or is closed (nil: never), and reports
// false if the client left or the origin closed before that. A client that
// closes its half of the connection counts as having left, one that has sent
// more than this request is not noticed.
func (x *Exchange) Wait(until <-chan struct{}) bool {
	left, stop := x.conn.watch()
	defer stop()
	select {
	case <-until:
		return true
	case <-left:
		return false
	case <-x.conn.closing:
		return false
	}
}

// Pause blocks for that long and reports false if the origin closed meanwhile.
func (x *Exchange) Pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.conn.closing:
		return false
	}
}

// awaitNext blocks until the client sends more, and reports false if it left, or
// the origin closed, before that.
func (x *Exchange) awaitNext() bool {
	_, err := x.conn.reader.Peek(1)
	return err == nil
}

// Closing is closed when the origin closes. A Fault that blocks by itself must
// return then.
func (x *Exchange) Closing() <-chan struct{} { return x.conn.closing }

// Close ends the connection with FIN after what has been written.
func (x *Exchange) Close() {
	x.over = true
	x.conn.Close()
}

// Reset ends the connection with RST.
func (x *Exchange) Reset() {
	x.over = true
	x.conn.reset()
}

// Conn returns the connection and what has been read ahead of it, for a Fault
// that goes on to speak another protocol. When it returns, it should Close.
func (x *Exchange) Conn() (net.Conn, *bufio.Reader) { return x.conn.Conn, x.conn.reader }
