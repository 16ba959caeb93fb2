package load

import (
	"math"
	"testing"
	"time"
)

func TestEveryDurationIsInABucketThatEndsLessThanASixteenthAboveIt(t *testing.T) {
	for n := uint64(0); n < math.MaxInt64/3; n += n/7 + 1 {
		b := bucket(n)
		if b < 0 || b >= buckets || highest(b) < n || highest(b)-n > n/16 {
			t.Fatalf("%d is in bucket %d, which ends at %d", n, b, highest(b))
		}
		if bucket(highest(b)) != b || bucket(highest(b)+1) != b+1 {
			t.Fatalf("bucket %d does not end at %d", b, highest(b))
		}
	}
}

func TestQuantilesAreNeverLessThanTheTruthAndHardlyMore(t *testing.T) {
	var h Histogram
	for i := 1; i <= 1000; i++ {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	for _, test := range []struct {
		q    float64
		want time.Duration
	}{{0, time.Millisecond}, {0.5, 500 * time.Millisecond}, {0.99, 990 * time.Millisecond}, {1, time.Second}} {
		if got := h.Quantile(test.q); got < test.want || got > test.want+test.want/16 {
			t.Errorf("%v: %v, not %v", test.q, got, test.want)
		}
	}
	if h.Count() != 1000 || h.Max() != time.Second {
		t.Errorf("%d, %v", h.Count(), h.Max())
	}
}

func TestAnEmptyHistogramSaysNothing(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 || h.Count() != 0 {
		t.Error(h.Quantile(0.5), h.Max(), h.Count())
	}
	if h.Add(-time.Second); h.Quantile(1) != 0 || h.Count() != 1 {
		t.Error(h.Quantile(1), h.Count())
	}
}
