package proxy

import (
	"syscall"
	"testing"
)

// A client whose machine is gone says nothing, not even that it left. The system
// asks for it.
func TestClientsThatVanishAreAskedFor(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 1h")
	s := r.stream("/x", "text/event-stream")
	s.event()
	r.proxy.gate.mu.Lock()
	defer r.proxy.gate.mu.Unlock()
	for c := range r.proxy.gate.conns {
		raw, err := c.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			if on, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); err != nil || on == 0 {
				t.Errorf("keep-alive of TCP: %d, %v", on, err)
			}
		})
	}
}
