package ledger

import (
	"sync"
	"time"
)

// held is for how long subscribers have been held, all together. What it says
// never goes back: it is the source of a counter.
type held struct {
	epoch time.Time

	mu     sync.Mutex
	here   int64 // subscribers
	micros int64 // of all of them, until then
	until  int64 // microseconds since epoch
}

// add counts subscribers that come, or with a negative number leave.
func (h *held) add(subscribers int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catchUpLocked()
	h.here += subscribers
}

// total is the time of all, in microseconds: nanoseconds of a hundred thousand
// subscribers would not fit after a day.
func (h *held) total() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catchUpLocked()
	return h.micros
}

func (h *held) catchUpLocked() {
	now := time.Since(h.epoch).Microseconds()
	h.micros += h.here * (now - h.until)
	h.until = now
}
