package proxy

import "golang.org/x/sys/unix"

// hasUnread reports whether something has come that nobody has read yet: a
// request that is under way, although the connection seems to be idle. It does
// not wait, and takes nothing.
func (c *conn) hasUnread() (unread bool) {
	raw := c.rawSocket()
	if raw == nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		unread = err == nil && n > 0
	})
	return unread
}
