package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
)

// counter counts the quick answers of a rig's proxy, from some time on. Their
// clients have them before they are counted.
type counter struct {
	rig  *rig
	base int64
}

func (r *rig) counted() *counter { return &counter{rig: r, base: r.quick.Load()} }

func (n *counter) now() int64 { return n.rig.quick.Load() - n.base }

func (n *counter) want(what string, want int64) {
	n.rig.t.Helper()
	n.rig.eventually(fmt.Sprintf("%d quick answers, %s", want, what), func() bool { return n.now() >= want })
	if got := n.now(); got != want {
		n.rig.t.Errorf("%s: %d quick answers, want %d", what, got, want)
	}
}

// countQuick is called before anybody is served.
func (r *rig) countQuick() {
	quick := r.proxy.gate.quick
	r.proxy.gate.quick = func(c *conn, raw []byte) (bool, error) {
		answered, err := quick(c, raw)
		if answered {
			r.quick.Add(1)
		}
		return answered, err
	}
}

// client is one that the rig's proxy serves over a pipe, on which each write is
// one read.
type client struct {
	net.Conn
	*bufio.Reader
	t testing.TB
}

func (c client) Read(p []byte) (int, error) { return c.Reader.Read(p) }

func (r *rig) pipe() client {
	r.t.Helper()
	ours, theirs := net.Pipe()
	_ = theirs.SetDeadline(time.Now().Add(await.Patience))
	served, admitted := make(chan struct{}), r.proxy.gate.admit(ours)
	go func() {
		defer close(served)
		_ = r.proxy.server.Load().ServeConn(admitted)
	}()
	r.t.Cleanup(func() {
		_ = theirs.Close()
		<-served
	})
	return client{Conn: theirs, Reader: bufio.NewReader(theirs), t: r.t}
}

// ask sends a request in so many writes, and reads the answer.
func (c client) ask(parts ...string) reply {
	c.t.Helper()
	go func() { // ended by the last write, or with the pipe
		for _, part := range parts {
			if _, err := io.WriteString(c.Conn, part); err != nil {
				return
			}
		}
	}()
	method, _, _ := strings.Cut(parts[0], " ")
	answer, err := readReply(c.Reader, method)
	if err != nil {
		c.t.Fatalf("%q: %v", parts, err)
	}
	return answer
}

func (r *rig) text(path string, fields ...string) string {
	return requestText("GET", path, r.addr, "", fields)
}

// parrot is a connection whose client sends the same request as often as it is
// told, and then nothing more.
type parrot struct {
	net.Conn
	request, answer []byte
	left            int
	part            int  // of the request that comes first, and alone
	mute            bool // it panics rather than write
	closed          bool
	asked           func() // is called when somebody asks for its address; may be nil
}

func (l *parrot) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	if n := l.part; n > 0 {
		l.part = 0
		rest := l.request[n:]
		n = copy(p, l.request[:n])
		l.request = rest
		return n, nil
	}
	l.left--
	return copy(p, l.request), nil
}

func (l *parrot) Write(p []byte) (int, error) {
	if l.mute {
		panic("boom")
	}
	l.answer = append(l.answer[:0], p...)
	return len(p), nil
}

func (l *parrot) Close() error { l.closed = true; return nil }
func (l *parrot) RemoteAddr() net.Addr {
	if l.asked != nil {
		l.asked()
	}
	return somewhere
}
func (l *parrot) SetReadDeadline(time.Time) error  { return nil }
func (l *parrot) SetWriteDeadline(time.Time) error { return nil }

var somewhere = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
