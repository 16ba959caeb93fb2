package journal

import (
	"sync"
	"time"
)

// errorsPerSecond is how many requests are logged for having failed: who sends
// nothing but nonsense, or an origin that is down, must not fill a disk.
const errorsPerSecond = 100

// ration gives out so many in each second. Its methods may be called concurrently.
type ration struct {
	most int

	mu    sync.Mutex
	since time.Time
	taken int
}

func newRation(most int) *ration { return &ration{most: most} }

func (r *ration) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= time.Second {
		r.since, r.taken = now, 0
	}
	if r.taken >= r.most {
		return false
	}
	r.taken++
	return true
}
