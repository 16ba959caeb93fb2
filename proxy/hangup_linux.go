package proxy

import (
	"golang.org/x/sys/unix"
)

// awaitHangup waits until the client has closed its side, or a read deadline
// passes. It takes nothing from the connection: bytes that wait, a pipelined
// request, stay where they are.
func awaitHangup(c *conn) (gone bool) {
	raw := c.rawSocket()
	if raw == nil {
		return false
	}
	_ = raw.Read(func(fd uintptr) bool {
		gone = isHungUp(int(fd))
		return gone
	})
	return gone
}

func isHungUp(fd int) bool {
	const hangup = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&hangup != 0
}
