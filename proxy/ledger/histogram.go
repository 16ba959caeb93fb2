package ledger

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations: in buckets that grow by an eighth of a power of
// two, so that a quantile is right to within a tenth, and in the ones that
// Prometheus is told of. The zero value is ready.
type Histogram struct {
	fine   [64 * subBuckets]atomic.Int64
	coarse [len(bounds) + 1]atomic.Int64 // up to each bound, and above
	micros atomic.Int64                  // in nanoseconds a busy year would not fit
}

const subBuckets = 8

// bounds are the buckets that Prometheus is told of.
var bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 25 * time.Second, time.Minute,
}

// Observe counts a duration; one below a nanosecond counts as one.
func (h *Histogram) Observe(d time.Duration) {
	d = max(d, 1)
	h.fine[bucketOf(uint64(d))].Add(1)
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.coarse[i].Add(1)
	h.micros.Add(d.Microseconds())
}

// bucketOf uses the position of the highest bit and the three bits behind it.
func bucketOf(n uint64) int {
	exponent := bits.Len64(n) - 1
	mantissa := n << (64 - exponent) >> 61 // without the highest bit; a shift by 64 is 0
	return exponent*subBuckets + int(mantissa)
}

// middle is that of a bucket, in seconds.
func middle(bucket int) float64 {
	exponent, sub := bucket/subBuckets, bucket%subBuckets
	return math.Ldexp(1+(float64(sub)+0.5)/subBuckets, exponent) / 1e9
}

// Quantile returns the middle, in seconds, of the bucket in which the quantile
// lies; 0 if nothing was counted.
func Quantile(q float64, of ...*Histogram) float64 {
	var sums [64 * subBuckets]int64
	for _, h := range of {
		for i := range h.fine {
			sums[i] += h.fine[i].Load()
		}
	}
	return quantile(q, &sums)
}

func quantile[N int64 | uint32](q float64, counts *[64 * subBuckets]N) float64 {
	var total int64
	for _, n := range counts {
		total += int64(n)
	}
	rank := int64(math.Ceil(q * float64(total)))
	for i, n := range counts {
		if rank -= int64(n); rank <= 0 && n > 0 {
			return middle(i)
		}
	}
	return 0
}

// cumulative counts up to each bound, in seconds.
func (h *Histogram) cumulative() (count uint64, sum float64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(bounds))
	for i, bound := range bounds {
		count += uint64(h.coarse[i].Load())
		buckets[bound.Seconds()] = count
	}
	count += uint64(h.coarse[len(bounds)].Load())
	return count, seconds(h.micros.Load()), buckets
}

func seconds(micros int64) float64 { return float64(micros) / 1e6 }
