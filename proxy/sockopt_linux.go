package proxy

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// boundUnacked has the kernel end a connection whose other side has not
// acknowledged what was sent for so long (TCP_USER_TIMEOUT, RFC 5482); 0 is for
// as long as the kernel likes, a quarter of an hour. A heartbeat fits into the
// socket's buffer even if there is nobody any more, so no write would ever fail.
func boundUnacked(c net.Conn, timeout time.Duration) {
	if timeout > 0 {
		setOption(c, unix.TCP_USER_TIMEOUT, int(max(timeout.Milliseconds(), 1)))
	}
}

// maxUnsent is how much the kernel takes for a subscriber before the rest is on its
// way: what waits there is no longer replaced by what is newer.
const maxUnsent = 16 << 10

// boundUnsent keeps what waits in the kernel small (TCP_NOTSENT_LOWAT).
func boundUnsent(c net.Conn) { setOption(c, unix.TCP_NOTSENT_LOWAT, maxUnsent) }

func setOption(c net.Conn, option, value int) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value) })
	}
}
