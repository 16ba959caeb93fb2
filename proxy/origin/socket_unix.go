//go:build unix

package origin

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// socket looks at the socket below a connection. It belongs to the connection's
// owner.
type socket struct {
	raw     syscall.RawConn
	look    func(fd uintptr) // made once, because this is done for every request
	nothing bool
}

func newSocket(raw syscall.RawConn) *socket {
	s := &socket{raw: raw}
	s.look = func(fd uintptr) {
		fds := [...]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:], 0)
		for err == unix.EINTR { // by the runtime's own signals, for one
			n, err = unix.Poll(fds[:], 0)
		}
		s.nothing = n == 0 && err == nil
	}
	return s
}

// silent reports whether the socket is open and no byte waits on it, without
// taking anything from it.
func (s *socket) silent() bool { return s.raw.Control(s.look) == nil && s.nothing }
