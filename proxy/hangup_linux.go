package proxy

import (
	"golang.org/x/sys/unix"
)

// awaitHangup waits until the client has closed its side, or a read deadline
// passes. It takes nothing from the connection: bytes that wait, a pipelined
// request, stay where they are. why is the error that the kernel found, if any.
func awaitHangup(c *conn) (gone bool, why error) {
	raw := c.rawSocket()
	if raw == nil {
		return false, nil
	}
	_ = raw.Read(func(fd uintptr) bool {
		if gone = isHungUp(int(fd)); gone {
			why = errorOf(int(fd))
		}
		return gone
	})
	return gone, why
}

// errorOf takes the error that the kernel has ended a connection with (SO_ERROR), nil
// if there is none: nobody else gets it.
func errorOf(fd int) error {
	if n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && n != 0 {
		return unix.Errno(n)
	}
	return nil
}

func isHungUp(fd int) bool {
	const hangup = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&hangup != 0
}
