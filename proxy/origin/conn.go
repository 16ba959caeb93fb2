package origin

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
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
	deadlines
	br      *bufio.Reader
	scratch []byte  // for a head that is being read
	socket  *socket // of TCP, under TLS too; nil if there is none
	direct  bool    // nothing is between the socket and us

	owed  []byte // the request, which goes out when its answer is read; only if direct
	wrote int    // bytes of the request under way
	used  bool   // it has carried one before

	addr  netip.Addr // of the server
	moves int64      // of the server's name, when this was one of its addresses

	born  time.Time
	idle  time.Time     // when it was last put into the pool
	limit time.Duration // how long the server keeps it idle; 0: unknown
}

func newConn(c net.Conn, now time.Time) *conn {
	cn := &conn{Conn: c, deadlines: deadlines{conn: c}, socket: socketBelow(c), born: now}
	_, tcp := c.(*net.TCPConn)
	cn.direct = tcp && cn.socket.takesTurns()
	cn.br = bufio.NewReaderSize(cn, 4096)
	return cn
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

// Read is for br. The first one of an answer sends the request that is owed, and
// fails with errDirty, before a byte of that has left, if the connection was used
// before and is not clean.
func (c *conn) Read(p []byte) (n int, err error) {
	if len(c.owed) == 0 {
		return c.Conn.Read(p)
	}
	request := c.owed
	c.owed = nil
	c.wrote, n, err = c.socket.turn(request, p, c.used)
	if err != nil || n > 0 {
		return n, err
	}
	rest, err := c.Conn.Write(request[c.wrote:]) // the socket did not take it at once
	if c.wrote += rest; err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Close closes the connection.
func (c *conn) Close() error {
	c.deadlines.stop()
	return c.Conn.Close()
}

// abort closes a connection that broke, without waiting for anybody.
func (c *conn) abort() error {
	if s, ok := c.Conn.(*secureConn); ok {
		c.deadlines.stop()
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
