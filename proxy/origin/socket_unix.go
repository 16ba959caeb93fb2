//go:build unix

package origin

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pollmux/pollmux/upgrade/nowait"
)

// socket looks at the socket below a connection. It belongs to the connection's
// owner.
type socket struct {
	raw     syscall.RawConn
	look    func(fd uintptr) // made once, because this is done for every request
	nothing bool

	// Of a turn.
	step     func(fd uintptr) (done bool) // made once, too
	request  []byte
	into     []byte
	used     bool
	wrote, n int
	err      error
}

func newSocket(raw syscall.RawConn) *socket {
	s := &socket{raw: raw}
	s.step = s.takeStep
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

// takesTurns reports whether there is a socket that has turn.
func (s *socket) takesTurns() bool { return s != nil }

// turn sends a request and waits for the first bytes of what answers it. If the
// socket was used before and is not silent, it fails with errDirty, without having
// written anything. If the socket does not take the whole request at once, turn
// returns without bytes and without an error.
//
// One turn at the poller does for all of that. Otherwise each step had its own,
// and the look, between which and the write no time passes here, were one more
// system call: who reads, finds nothing and waits has looked already.
func (s *socket) turn(request, into []byte, used bool) (wrote, n int, err error) {
	s.request, s.into, s.used = request, into, used
	s.wrote, s.n, s.err = 0, 0, nil
	err = s.raw.Read(s.step)
	s.request, s.into = nil, nil
	if err == nil {
		err = s.err
	}
	return s.wrote, s.n, err
}

// takeStep is called once before there is something to wait for, and then
// whenever something may have come.
func (s *socket) takeStep(fd uintptr) (done bool) {
	if s.wrote == 0 {
		return s.begin(int(fd))
	}
	n, err := nowait.Read(int(fd), s.into)
	switch {
	case err == unix.EAGAIN:
		return false
	case err != nil:
		s.err = err
	case n == 0:
		s.err = io.EOF
	default:
		s.n = n
	}
	return true
}

// begin looks, and writes.
func (s *socket) begin(fd int) (done bool) {
	if s.used {
		if _, err := nowait.Read(fd, s.into[:1]); err != unix.EAGAIN {
			s.err = errDirty
			return true
		}
	}
	n, err := nowait.Write(fd, s.request)
	if err == unix.EAGAIN {
		n, err = 0, nil
	}
	s.wrote, s.err = max(n, 0), err
	return err != nil || n < len(s.request)
}
