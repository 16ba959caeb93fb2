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
//
// The same time ends a silent connection whose keep-alive probes are not answered.
// Go sends one every 15 seconds: of two that fit into half a minute, one that is
// lost would do, and of thousands that are sent together some are. So there are
// more, and they begin early enough.
func boundUnacked(c net.Conn, timeout time.Duration) {
	if timeout > 0 {
		setOption(c, unix.TCP_USER_TIMEOUT, int(max(timeout.Milliseconds(), 1)))
		setOption(c, unix.TCP_KEEPIDLE, wholeSecond(min(timeout/2, firstProbe)))
		setOption(c, unix.TCP_KEEPINTVL, wholeSecond(min(timeout/12, firstProbe)))
	}
}

// firstProbe is after how long a silent connection is probed at the latest, as Go has
// it.
const firstProbe = 15 * time.Second

// wholeSecond rounds down to what the kernel takes.
func wholeSecond(d time.Duration) int { return int(max(d/time.Second, 1)) }

// maxUnsent is how much the kernel takes for a subscriber before the rest is on its
// way: what waits there is no longer replaced by what is newer.
const maxUnsent = 16 << 10

// boundUnsent keeps what waits in the kernel small (TCP_NOTSENT_LOWAT).
func boundUnsent(c net.Conn) { setOption(c, unix.TCP_NOTSENT_LOWAT, maxUnsent) }

func setOption(c net.Conn, option, value int) {
	if s, ok := c.(*secret); ok {
		c = s.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value) })
	}
}
