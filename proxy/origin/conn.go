package origin

import (
	"bufio"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// maxScratch is how much of a buffer for heads is kept.
const maxScratch = 16 << 10

// conn is one connection to a server. It carries one exchange at a time and
// belongs to whoever took it from the pool.
type conn struct {
	net.Conn
	br      *bufio.Reader
	scratch []byte  // for a head that is being read
	socket  *socket // of TCP, under TLS too; nil if there is none

	born  time.Time
	idle  time.Time     // when it was last put into the pool
	limit time.Duration // how long the server keeps it idle; 0: unknown
}

func newConn(c net.Conn, now time.Time) *conn {
	return &conn{Conn: c, br: bufio.NewReaderSize(c, 4096), socket: socketBelow(c), born: now}
}

// socketBelow returns the socket below c, or nil.
func socketBelow(c net.Conn) *socket {
	if s, ok := c.(*secureConn); ok {
		c = s.records.Conn
	}
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			return newSocket(raw)
		}
	}
	return nil
}

// abort closes a connection that broke, without waiting for anybody.
func (c *conn) abort() error {
	if s, ok := c.Conn.(*secureConn); ok {
		return s.abort()
	}
	return c.Close()
}

// clean reports whether an idle connection can carry another request: it is
// open, and nothing came after the last answer. Whatever lies there would be
// taken for the answer to the next request, and it is somebody else's.
func (c *conn) clean() bool {
	if c.br.Buffered() > 0 || c.socket == nil || !c.socket.silent() {
		return false
	}
	if s, ok := c.Conn.(*secureConn); ok {
		return s.records.whole() && c.plaintextSilent()
	}
	return true
}

// plaintextSilent reports whether the TLS layer holds nothing that was
// decrypted already or came whole. With a deadline in the past a read returns
// what is there, or the deadline's error, and never waits.
func (c *conn) plaintextSilent() bool {
	if c.SetReadDeadline(aLongTimeAgo) != nil {
		return false
	}
	_, err := c.br.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
}
