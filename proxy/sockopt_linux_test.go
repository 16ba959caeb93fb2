package proxy

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Several keep-alive probes have to be lost before the kernel takes a silent client for
// gone.
func TestOneLostProbeEndsNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, timeout := range []time.Duration{10 * time.Second, 30 * time.Second, time.Minute} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		boundUnacked(c, timeout)
		idle, interval := option(t, c, unix.TCP_KEEPIDLE), option(t, c, unix.TCP_KEEPINTVL)
		if probes := (timeout - idle) / interval; idle > firstProbe || probes < 5 {
			t.Errorf("%v: the first probe after %v, then every %v: %d before the end", timeout, idle, interval, probes)
		}
	}
}

func option(t *testing.T, c net.Conn, name int) (seconds time.Duration) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, name)
		if err != nil {
			t.Fatal(err)
		}
		seconds = time.Duration(n) * time.Second
	})
	return seconds
}
