package origin

import "sync/atomic"

// load is what a server has to do: connections that are being made, and exchanges.
type load struct {
	atomic.Int64

	// held is how many exchanges have become tunnels. These are kept for hours, and
	// most of the time nothing comes: what matters of them is only how many there are
	// when there is to be another. Were they something to do, whoever was restarted,
	// and has none, would get all else there is.
	held atomic.Int64
}

// hold has an exchange be a tunnel from now on.
func (l *load) hold() {
	l.Add(-1)
	l.held.Add(1)
}

// to is what there is to do as far as it matters to a request.
func (l *load) to(req *Request) int64 {
	if req.Upgrade {
		return l.Load() + l.held.Load()
	}
	return l.Load()
}
