package ledger

import (
	"sync"
	"time"
)

// held is for how long subscribers have been held, all together, and how often they
// would have polled. What it says never goes back: it is the source of a counter.
type held struct {
	epoch time.Time

	mu       sync.Mutex
	here     int64 // subscribers
	micros   int64 // of all of them at the present interval, until then
	until    int64 // microseconds since epoch
	interval time.Duration
	before   int64 // polls at the intervals before
}

// add counts subscribers that come, or with a negative number leave.
func (h *held) add(subscribers int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catchUpLocked()
	h.here += subscribers
}

// pace sets the interval from now on.
func (h *held) pace(interval time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if interval == h.interval {
		return
	}
	h.before = h.pollsLocked()
	h.interval, h.micros = interval, 0
}

// every is the interval of now.
func (h *held) every() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.interval
}

// polls is how many there would have been.
func (h *held) polls() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pollsLocked()
}

// pollsLocked counts in microseconds: nanoseconds of a hundred thousand subscribers
// would not fit after a day.
func (h *held) pollsLocked() int64 {
	h.catchUpLocked()
	if h.interval <= 0 {
		return h.before
	}
	return h.before + h.micros/max(h.interval.Microseconds(), 1)
}

func (h *held) catchUpLocked() {
	now := time.Since(h.epoch).Microseconds()
	h.micros += h.here * (now - h.until)
	h.until = now
}
