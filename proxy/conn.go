package proxy

import (
	"bytes"
	"container/list"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/proxy/head"
)

// lingerTime and lingerBytes bound how long a connection is read from after its
// last answer, so that a client still sending gets to read it: closing with
// unread bytes would reset the connection under the answer.
const (
	lingerTime  = time.Second
	lingerBytes = 256 << 10
)

// conn is a client's connection. It knows how it ended, and bounds each write. Its
// fields lie so that it is small: there is one for each client that is held.
type conn struct {
	net.Conn
	writeTimeout time.Duration
	gate         *gate  // has its places in the limits; nil if it has none
	over         string // the limit that it is beyond; "" if none
	shared       bool   // the peer is a trusted proxy, which speaks for many
	occupies     bool   // its request is charged to an address; for whoever serves it
	secure       bool   // the client speaks TLS, and Conn is a *secret
	exact        bool   // it cannot be written to any more once a deadline has passed
	plain        bool   // what comes is not followed: it is no HTTP, or will be; for whoever reads
	stuck        bool   // it was counted that it takes nothing; guarded by the gate

	// Guarded by the gate.
	listed  *list.Element // among the gate's served ones; nil if it is not
	charged netip.Addr    // whose place it takes; invalid: nobody's

	state atomic.Int32 // idle, busy or evicted
	quick atomic.Bool  // it was answered quickly
	used  atomic.Int64 // when its last request came, since the gate's epoch

	handover atomic.Pointer[func()] // called if the connection ends before it is taken over
	asked    atomic.Pointer[pass]   // by passQuick, for the request that fasthttp is about to get
	ahead    atomic.Bool            // only what was read already is to be read

	failed  atomic.Bool // the last Read did
	linger  atomic.Bool // unread bytes of a request are expected
	closing sync.Once

	request *head.Follower // sees what the client sends; nil between two requests
	last    *repeated      // poll, while there is nothing but polls; for whoever reads
	held    []byte         // came, and was not let through yet

	due readTime

	writing sync.Mutex    // frames of two writers do not mix
	armed   time.Duration // the write deadline that the system knows; guarded by writing
}

// Read lets through what can be read in one way only, and fails where it cannot.
//
// It notes that it failed, however it did: a chunked body that ends there has not
// ended (RFC 9112 section 8), and fasthttp, which takes even a reset or a timeout
// within the last line for the end of the body, does not tell.
func (c *conn) Read(p []byte) (int, error) {
	if c.ahead.Load() {
		return 0, errAhead
	}
	n, err := c.next(p)
	if !c.plain && n > 0 {
		n, err = c.follow(p[:n])
	}
	c.failed.Store(n == 0)
	return n, err
}

// next returns the next bytes that nothing has been answered to.
func (c *conn) next(p []byte) (int, error) {
	if c.mayBeQuick() {
		return c.readQuick(p)
	}
	return c.receive(p)
}

// follow lets through what may be, and holds back the rest.
func (c *conn) follow(p []byte) (n int, err error) {
	if c.request == nil {
		c.request = c.gate.follower()
	}
	n, err = c.request.Follow(p)
	if c.request.Rests() {
		c.gate.release(c.request)
		c.request = nil
	}
	if n < len(p) {
		c.held = append(bytes.Clone(p[n:]), c.held...)
	}
	if n > 0 {
		err = nil // it comes again
	}
	return n, err
}

// receive returns the next bytes that the client sent.
func (c *conn) receive(p []byte) (n int, err error) {
	if len(c.held) == 0 {
		return c.wait(p)
	}
	n = copy(p, c.held)
	if c.held = c.held[n:]; len(c.held) == 0 {
		c.held = nil
	}
	return n, nil
}

// unfollow says that what comes from now on is no HTTP, or is not looked at as such
// until giveBack. It returns what has come of that, behind what was read ahead: none
// of it counts as followed any more.
func (c *conn) unfollow(early []byte) []byte {
	early = append(early, c.held...)
	c.held, c.request, c.plain = nil, nil, true
	return early
}

// SetDeadline is for reading only.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// Close closes the connection, once; one that is being answered quickly as soon as
// it is: fasthttp, when it shuts down, knows of no answer that is under way.
func (c *conn) Close() error {
	if c.state.CompareAndSwap(connQuick, connClosing) {
		return nil
	}
	return c.end()
}

// end is Close at once.
func (c *conn) end() error {
	err := net.ErrClosed
	c.closing.Do(func() {
		if c.linger.Load() {
			c.drain()
		}
		if c.isEvicted() {
			c.hush() // by whoever has others to look after
		}
		err = c.Conn.Close()
		if c.gate != nil {
			c.gate.leave(c)
		}
		if skipped := c.handover.Swap(nil); skipped != nil {
			(*skipped)()
		}
		c.dropAsked()
	})
	return err
}

// drain reads what the client still sends, within limits.
func (c *conn) drain() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return // and the reset may overtake the answer
	}
	_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
}

// abort closes the connection so that the client sees that what it got is not
// all: with a reset.
func (c *conn) abort() {
	if tcp, ok := c.Conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	c.linger.Store(false)
	_ = c.end()
}

// CloseWrite tells the client that nothing more will come.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// SyscallConn gives access to the socket, on which the read deadline is what it
// was set to.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, net.ErrClosed
}

// clientConn returns the connection below whatever fasthttp was given.
func clientConn(c net.Conn) *conn {
	switch c := c.(type) {
	case *conn:
		return c
	case *resumed:
		return c.conn
	}
	return nil
}
