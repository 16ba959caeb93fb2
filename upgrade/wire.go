package upgrade

import (
	"bytes"
	"net"
	"sync/atomic"
	"time"

	"github.com/fasthttp/websocket"
)

// chatterRate is how many bytes per second a client may send, and maxChatter at
// once, if nobody takes its messages: pings, pongs and empty fragments.
const chatterRate = 4 << 10

// wire is a WebSocket's connection as the library has it.
type wire struct {
	net.Conn
	opened time.Time
	silent bool         // the client has nothing to say
	heard  atomic.Int64 // when anything came last, nanoseconds since opened

	// The reader has these.
	said   float64       // bytes against chatterRate
	at     time.Duration // of the last of them
	unsent []byte        // the Close frame that the library wanted to send
}

// Read notes that the peer is alive: a long message is no silence.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		now := time.Since(w.opened)
		w.heard.Store(int64(now))
		w.said = max(w.said-(now-w.at).Seconds()*chatterRate, 0) + float64(n)
		w.at = now
	}
	if w.silent && w.said > maxChatter {
		return 0, errTalkative
	}
	return n, err
}

// Write keeps back a Close frame: after one there may be no more data (RFC 6455
// section 5.5.1), of which the library knows nothing.
func (w *wire) Write(p []byte) (int, error) {
	if p[0] == final|websocket.CloseMessage {
		w.unsent = bytes.Clone(p)
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// SetWriteDeadline does nothing: the library means a pong, and would cut off a
// message that the engine is writing.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
