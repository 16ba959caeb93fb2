package upgrade

import "time"

const (
	// chatterRate is how many bytes per second a client may send that are no
	// message, and maxChatter at once.
	chatterRate = 4 << 10

	// framePrice is what such a frame counts, however small: ten per second are
	// enough for every honest client, and each ping costs a pong.
	framePrice = chatterRate / 10
)

// errChatter ends the WebSocket of a client that keeps sending what is no
// message.
var errChatter = &CloseError{Code: ClosePolicy, Reason: "too many pings and empty frames"}

// budget bounds what a client sends beside messages: pings, pongs that nobody
// asked for, empty fragments.
type budget struct {
	spent float64
	at    time.Time
	owed  int // pings that were sent to the client
}

// charge counts a frame.
func (b *budget) charge(h frameHead) error {
	if !b.isExtra(h) {
		return nil
	}
	now := time.Now()
	b.spent = max(b.spent-now.Sub(b.at).Seconds()*chatterRate, 0) + framePrice
	b.at = now
	if b.spent > maxChatter {
		return errChatter
	}
	return nil
}

// isExtra reports whether a frame is neither part of a message nor asked for.
func (b *budget) isExtra(h frameHead) bool {
	switch h.op {
	case opPing:
		return true
	case opPong:
		if b.owed > 0 {
			b.owed--
			return false
		}
		return true
	}
	return h.size == 0 && !h.final
}
