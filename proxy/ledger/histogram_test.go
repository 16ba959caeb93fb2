package ledger

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// exact is the quantile of sorted durations, in seconds.
func exact(sorted []time.Duration, q float64) float64 {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[max(rank, 1)-1].Seconds()
}

func TestAQuantileIsRightToWithinATenth(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	shapes := map[string]func() time.Duration{
		"uniform":     func() time.Duration { return time.Duration(random.Int64N(int64(time.Minute))) },
		"exponential": func() time.Duration { return time.Duration(random.ExpFloat64() * float64(20*time.Millisecond)) },
		"any scale":   func() time.Duration { return time.Duration(math.Exp(random.Float64() * math.Log(math.MaxInt64))) },
		"one":         func() time.Duration { return 7 * time.Millisecond },
		"edges":       func() time.Duration { return 1<<random.IntN(62) - time.Duration(random.IntN(2)) },
	}
	for name, next := range shapes {
		for _, n := range []int{1, 2, 3, 10, 1000} {
			parts := []*Histogram{new(Histogram), new(Histogram), new(Histogram)}
			var all []time.Duration
			for range n {
				d := max(next(), 1)
				all = append(all, d)
				parts[random.IntN(len(parts))].Observe(d)
			}
			slices.Sort(all)
			for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
				got, want := Quantile(q, parts...), exact(all, q)
				if math.Abs(got-want) > want/10 {
					t.Errorf("%s, %d of them: the %v quantile is %v and not %v", name, n, q, want, got)
				}
			}
		}
	}
}

func TestAQuantileOfNothingIsNothing(t *testing.T) {
	if got := Quantile(0.5, new(Histogram)) + Quantile(0.5); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestEveryDurationHasABucket(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1, 2, 3, math.MaxInt64 - 1, math.MaxInt64} {
		h.Observe(d)
	}
	if count, _, _ := h.cumulative(); count != 8 {
		t.Errorf("%d were counted", count)
	}
	for i := range len(h.fine) - 1 {
		if middle(i) >= middle(i+1) {
			t.Errorf("bucket %d is not below the next", i)
		}
	}
}

func TestPrometheusBucketsHoldWhatIsNotAboveTheirBound(t *testing.T) {
	for i, bound := range bounds {
		for _, step := range []struct {
			d  time.Duration
			in int // the first bucket that has it
		}{{bound - 1, i}, {bound, i}, {bound + 1, i + 1}} {
			var h Histogram
			h.Observe(step.d)
			count, _, buckets := h.cumulative()
			if count != 1 || len(buckets) != len(bounds) {
				t.Fatalf("count %d in %d buckets", count, len(buckets))
			}
			for j, b := range bounds {
				if got := buckets[b.Seconds()] == 1; got != (j >= step.in) {
					t.Errorf("%v is in the bucket of %v: %v", step.d, b, got)
				}
			}
		}
	}
}

func TestSumsOfManyYearsFit(t *testing.T) {
	var h Histogram
	const century = 100 * 365 * 24 * time.Hour
	for range 1000 {
		h.Observe(century)
	}
	if _, sum, _ := h.cumulative(); math.Abs(sum/(1000*century.Seconds())-1) > 1e-9 {
		t.Errorf("the sum is %v", sum)
	}
	r := New().Route("busy", time.Second)
	for range 1000 {
		r.Saved(1, century)
	}
	if got := r.stats().SavedOriginSeconds; math.Abs(got/(1000*century.Seconds())-1) > 1e-9 {
		t.Errorf("saved %v seconds", got)
	}
}
