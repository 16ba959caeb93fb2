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
	s, ok := c.(syscall.Conn)
	if !ok || timeout <= 0 {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(max(timeout.Milliseconds(), 1)))
		})
	}
}
