package load

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations, each to within a sixteenth of itself. The zero
// value is empty, and safe for concurrent use.
type Histogram struct {
	counts  [buckets]atomic.Int64
	longest atomic.Int64
}

const (
	fine    = 4 // bits kept of a duration below its highest
	buckets = 64 << fine
)

// Add counts d; what is negative counts as nothing.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))].Add(1)
	for {
		longest := h.longest.Load()
		if int64(d) <= longest || h.longest.CompareAndSwap(longest, int64(d)) {
			return
		}
	}
}

// bucket is the exponent of n and the bits behind its highest. Below 1<<fine,
// each n has its own.
func bucket(n uint64) int {
	if n < 1<<fine {
		return int(n)
	}
	shift := bits.Len64(n) - 1 - fine
	return (shift+1)<<fine + int(n>>shift)&(1<<fine-1)
}

// highest is the largest n in a bucket.
func highest(bucket int) uint64 {
	if bucket < 1<<fine {
		return uint64(bucket)
	}
	shift := bucket>>fine - 1
	return (uint64(bucket)&(1<<fine-1)+1<<fine+1)<<shift - 1
}

// Count is how many durations there are.
func (h *Histogram) Count() int64 {
	var n int64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Max is the longest, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.longest.Load()) }

// Quantile is a duration that the share q of all does not exceed, 0 if there are
// none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q * float64(h.Count())))
	var n int64
	for i := range h.counts {
		if n += h.counts[i].Load(); n >= rank && n > 0 {
			return min(time.Duration(highest(i)), h.Max())
		}
	}
	return 0
}
