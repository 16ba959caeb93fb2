package load

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// isClosed reports whether the server has closed a connection on which nothing is
// under way, as far as that has come here. A client that keeps connections for later
// looks before it uses one.
func isClosed(c net.Conn) (closed bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		closed = n == 0 && err == nil || err != nil && err != unix.EAGAIN
	})
	return closed || err != nil
}
