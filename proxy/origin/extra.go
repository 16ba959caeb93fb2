package origin

import (
	"sync"
	"time"
)

const (
	// extraRate is how many requests a second may be sent to a second server
	// although a first one may have got them, and extraBurst how many at once:
	// those that were under way when a server died.
	extraRate  = 20
	extraBurst = 200
)

// extra bounds what a group sends twice. Where servers fail one after the other under
// the load, more of it makes that worse.
type extra struct {
	mu   sync.Mutex
	left float64
	at   time.Time // when that was
}

func newExtra() extra { return extra{left: extraBurst} }

// take takes one, if there is one.
func (e *extra) take(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.at.IsZero() {
		e.left = min(extraBurst, e.left+extraRate*now.Sub(e.at).Seconds())
	}
	if e.at = now; e.left < 1 {
		return false
	}
	e.left--
	return true
}
