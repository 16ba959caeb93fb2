package proxy

import "golang.org/x/sys/unix"

// isFull reports whether so much waits for the client to take it that writing more might
// have to wait. It does not wait itself.
func (c *conn) isFull() (full bool) {
	raw := c.rawSocket()
	if raw == nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		full = err == nil && n == 0
	})
	return full
}
