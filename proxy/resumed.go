package proxy

import "time"

// resumed is a connection that goes back to fasthttp with bytes that were read
// from it already. It is another object than before, because fasthttp keeps
// account by identity.
type resumed struct {
	*conn
	early []byte
	idle  time.Duration // for the first byte that is not early; 0: as fasthttp says
}

// SetReadDeadline gives the next request as long to begin as any other: fasthttp
// takes the connection for a new one, whose first request is due at once.
func (r *resumed) SetReadDeadline(t time.Time) error {
	if idle := r.idle; idle > 0 {
		if r.idle = 0; len(r.early)+len(r.held) == 0 {
			t = time.Now().Add(idle)
		}
	}
	return r.conn.SetReadDeadline(t)
}

// Read returns the early bytes first.
func (r *resumed) Read(p []byte) (int, error) {
	if len(r.early) > 0 {
		n := copy(p, r.early)
		r.early = r.early[n:]
		return n, nil
	}
	return r.conn.Read(p)
}
