package proxy

import (
	"net"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// ordeal is one way in which an origin goes wrong, from its beginning to its
// end.
type ordeal struct{ begin, end func(t *testing.T, r *rig) }

// ordeals are all of them: what an origin can do to one request, and what can
// become of the whole of it.
func ordeals() map[string]ordeal {
	all := map[string]ordeal{
		"dead":                {kill, revive},
		"dead in the backlog": deaf(),
	}
	for name, fault := range faults() {
		all[name] = breaking(fault)
	}
	for name, fault := range lesserFaults() {
		all[name] = breaking(fault)
	}
	return all
}

// lesserFaults leave every second answer, or all of them, good. An answer that
// nobody asked for is sent together with the one before it: one that crosses the
// next request on its way is that request's answer, as far as HTTP/1.1 can tell.
func lesserFaults() map[string]legacy.Fault {
	stray := legacy.Answer{Body: []byte("stray")}
	return map[string]legacy.Fault{
		"slow":                      legacy.Delay(timeout/3, nil),
		"two answers":               legacy.Glued(stray),
		"too much":                  legacy.LongBody([]byte("stray")),
		"a few interim answers":     legacy.Informational(3, 103),
		"half-closed":               legacy.HalfClose(),
		"closed after each answer":  legacy.CloseAfter(),
		"next request dropped":      legacy.DropNext(),
		"flapping":                  legacy.Flap(timeout/2, legacy.Status(500)),
		"flapping by resets":        legacy.Flap(timeout/2, legacy.ResetMidBody(3)),
		"every second answer hangs": legacy.Alternate(nil, legacy.HangBeforeHead(nil)),
	}
}

func breaking(fault legacy.Fault) ordeal {
	return ordeal{
		begin: func(_ *testing.T, r *rig) { r.origin.Break(fault) },
		end:   func(_ *testing.T, r *rig) { r.origin.Break(nil) },
	}
}

// kill ends the origin's process: its port is closed and its connections are.
func kill(_ *testing.T, r *rig) { r.origin.Close() }

// revive starts it again, on the same port.
func revive(t *testing.T, r *rig) {
	if err := r.origin.Listen(r.origin.Addr()); err != nil {
		t.Error(err)
	}
}

// deaf is an origin whose kernel takes connections for it, and nobody else.
func deaf() ordeal {
	var backlog net.Listener
	return ordeal{
		begin: func(t *testing.T, r *rig) {
			r.origin.Close()
			backlog = listenOn(t, r.origin.Addr())
		},
		end: func(t *testing.T, r *rig) {
			_ = backlog.Close()
			revive(t, r)
		},
	}
}

// timeout is how long the origins of the ordeals are waited for.
const timeout = 500 * time.Millisecond
