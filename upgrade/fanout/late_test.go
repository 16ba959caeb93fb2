//go:build linux && !goroutines

package fanout

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Who looks at the clock late, because the process stood still, has not seen yet what
// the client took meanwhile.
func TestWhoTookItWhileNobodyLookedIsNotGivenUp(t *testing.T) {
	for name, takes := range map[string]int{"all": 100, "some": 10, "nothing": 0} {
		x := newStubbed(t, 1)
		for x.next < len(x.queue) {
			x.askSome()
		}
		s := x.slots[0]
		s.pace = &pace{stall: time.Second, rate: 1000}
		takesAll := x.socket.write
		taking := 0
		x.socket.write = func(uintptr) {
			if x.socket.n, x.socket.err = min(taking, len(x.socket.bytes)), nil; taking == 0 {
				x.socket.err = unix.EAGAIN
			}
		}
		x.publish()
		if len(s.rest) == 0 || s.stuck == 0 {
			t.Fatal("it is not stuck")
		}
		taking = takes
		x.now += time.Second + tick
		x.wheel.turn(x.now, x.meet)
		if ended := s.phase == ended; ended != (takes == 0) {
			t.Errorf("took %s: ended %v", name, ended)
		}
		// But that does not go on for longer than it may take.
		if taking = 1; takes == 10 {
			x.now = s.allowed + tick
			if x.wheel.turn(x.now, x.meet); s.phase != ended {
				t.Error("it goes on for ever")
			}
		}
		x.socket.write = takesAll
	}
}
