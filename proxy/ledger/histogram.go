package ledger

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations in buckets that grow by a quarter of a power of
// two, so that a quantile is right to within a tenth. The zero value is ready.
type Histogram struct {
	buckets [64 * subBuckets]atomic.Int64
	nanos   atomic.Int64
}

const subBuckets = 4

// Observe counts a duration; one below a nanosecond counts as one.
func (h *Histogram) Observe(d time.Duration) {
	n := uint64(max(d, 1))
	h.buckets[bucketOf(n)].Add(1)
	h.nanos.Add(int64(n))
}

// bucketOf uses the position of the highest bit and the two bits behind it.
func bucketOf(n uint64) int {
	exponent := bits.Len64(n) - 1
	mantissa := n << (64 - exponent) >> 62 // without the highest bit; a shift by 64 is 0
	return exponent*subBuckets + int(mantissa)
}

// upper is the bound of a bucket, in seconds.
func upper(bucket int) float64 {
	exponent, sub := bucket/subBuckets, bucket%subBuckets
	return math.Ldexp(1+float64(sub+1)/subBuckets, exponent) / 1e9
}

// snapshot reads the buckets.
func (h *Histogram) snapshot() (counts [64 * subBuckets]int64, total int64) {
	for i := range h.buckets {
		counts[i] = h.buckets[i].Load()
		total += counts[i]
	}
	return counts, total
}

// Quantile returns the upper bound, in seconds, of the bucket in which the
// quantile lies; 0 if nothing was counted.
func Quantile(q float64, of ...*Histogram) float64 {
	var sums [64 * subBuckets]int64
	var total int64
	for _, h := range of {
		counts, n := h.snapshot()
		for i, c := range counts {
			sums[i] += c
		}
		total += n
	}
	rank := int64(math.Ceil(q * float64(total)))
	for i, c := range sums {
		if rank -= c; rank <= 0 && c > 0 {
			return upper(i)
		}
	}
	return 0
}

// bounds are the buckets that Prometheus is told of, in seconds.
var bounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60}

// cumulative counts up to each bound.
func (h *Histogram) cumulative() (count uint64, sum float64, buckets map[float64]uint64) {
	counts, total := h.snapshot()
	buckets = make(map[float64]uint64, len(bounds))
	for _, bound := range bounds {
		for i := 0; i < len(counts) && upper(i) <= bound; i++ {
			buckets[bound] += uint64(counts[i])
		}
	}
	return uint64(total), float64(h.nanos.Load()) / 1e9, buckets
}
