package origin

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// aLongTimeAgo is a deadline that has passed: it ends a pending read or write
// at once.
var aLongTimeAgo = time.Unix(1, 0)

// conn is one connection to a server. It carries one exchange at a time and
// belongs to whoever took it from the pool.
type conn struct {
	net.Conn
	br  *bufio.Reader
	raw syscall.RawConn // of the TCP socket, under TLS too; nil if there is none

	born  time.Time
	idle  time.Time     // when it was last put into the pool
	limit time.Duration // how long the server keeps it idle; 0: unknown
}

func newConn(c net.Conn, now time.Time) *conn {
	return &conn{Conn: c, br: bufio.NewReaderSize(c, 4096), raw: rawConn(c), born: now}
}

// rawConn returns the socket below c, or nil.
func rawConn(c net.Conn) syscall.RawConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

// clean reports whether an idle connection can carry another request: it is
// open, and nothing came after the last answer. Whatever lies there would be
// taken for the answer to the next request, and it is somebody else's.
func (c *conn) clean() bool {
	if c.br.Buffered() > 0 || c.raw == nil || !silent(c.raw) {
		return false
	}
	if _, ok := c.Conn.(*tls.Conn); !ok {
		return true
	}
	return c.plaintextSilent()
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

// interrupt ends whatever the connection is waiting for.
func (c *conn) interrupt() { _ = c.SetDeadline(aLongTimeAgo) }
