//go:build unix

package sock

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/pollmux/pollmux/upgrade/nowait"
)

// conn is a TCP connection with other ways to read and write. Everything else, the
// deadlines included, is the TCP connection's.
type conn struct {
	*net.TCPConn
	raw  syscall.RawConn
	ways atomic.Pointer[ways] // nil while they are not needed
}

// ways are the other ways.
type ways struct {
	in  half
	out half
}

// half is one direction. Its function is made once, since it is used for each call.
type half struct {
	mu   sync.Mutex
	step func(fd uintptr) (done bool)
	p    []byte // of the call under way
	n    int
	err  error
}

// New returns c, with cheaper ways to read and write if it is a TCP connection.
func New(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	return &conn{TCPConn: tcp, raw: raw}
}

// Shed gives the memory back that the cheaper ways take, until the connection is
// read from or written to again.
func Shed(c net.Conn) {
	if s, ok := c.(*conn); ok {
		s.ways.Store(nil)
	}
}

// own returns the ways, made anew if they were shed. One of two calls at once that
// make them may go on with its own: they keep nothing between two calls.
func (c *conn) own() *ways {
	w := c.ways.Load()
	if w == nil {
		w = &ways{}
		w.in.step, w.out.step = w.in.read, w.out.write
		c.ways.CompareAndSwap(nil, w)
	}
	return w
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err = c.own().in.do(p, c.raw.Read)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, c.told("read", err)
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (n int, err error) {
	n, err = c.own().out.do(p, c.raw.Write)
	return n, c.told("write", err)
}

// told makes an error of the system's tell what it is about, as those of package
// net do.
func (c *conn) told(op string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(op, errno)}
	}
	return err
}

func (h *half) do(p []byte, turn func(func(uintptr) bool) error) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.p, h.n, h.err = p, 0, nil
	if err = turn(h.step); err == nil {
		err = h.err
	}
	h.p = nil
	return h.n, err
}

func (h *half) read(fd uintptr) (done bool) {
	h.n, h.err = nowait.Read(int(fd), h.p)
	return h.err != syscall.EAGAIN
}

// write writes until all is written: the poller tells only of a socket that has been
// full.
func (h *half) write(fd uintptr) (done bool) {
	for h.n < len(h.p) {
		n, err := nowait.Write(int(fd), h.p[h.n:])
		if err == syscall.EAGAIN {
			return false
		}
		if h.err = err; err != nil {
			return true
		}
		h.n += n
	}
	return true
}
