package proxy

import (
	"errors"
	"net"
	"os"
	"time"
)

// tunnelIdle is for how long nothing may come from either side. A proxy cannot
// ping in somebody else's conversation, so it must not wait for ever.
const tunnelIdle = 10 * time.Minute

// side is one end of a tunnel, as it is read from.
type side struct {
	net.Conn
	tunnel *tunnel
}

// Read gives up when neither side has said anything for too long.
func (s side) Read(p []byte) (int, error) {
	t := s.tunnel
	for {
		stirred := time.Duration(t.stirred.Load())
		_ = s.SetReadDeadline(t.opened.Add(stirred + t.idle))
		n, err := s.Conn.Read(p)
		if n > 0 {
			t.stirred.Store(int64(time.Since(t.opened)))
		} else if errors.Is(err, os.ErrDeadlineExceeded) && t.stirred.Load() > int64(stirred) {
			continue // the other has
		}
		return n, err
	}
}
