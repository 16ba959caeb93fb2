package upgrade

import (
	"net"
	"sync/atomic"
	"time"
)

// wire is a WebSocket's connection, which knows when it heard of the peer last:
// a long message is no silence.
type wire struct {
	net.Conn
	opened time.Time
	heard  atomic.Int64 // when anything came last, nanoseconds since opened
}

// Read notes that the peer is alive.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.heard.Store(int64(time.Since(w.opened)))
	}
	return n, err
}

// silence is for how long nothing has come.
func (w *wire) silence() time.Duration {
	return time.Since(w.opened) - time.Duration(w.heard.Load())
}
