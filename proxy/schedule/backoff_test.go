package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// justBelowOne is the largest random number there is.
var justBelowOne = math.Nextafter(1, 0)

func TestBackoff(t *testing.T) {
	cases := []struct {
		failures int
		pace     time.Duration
		random   float64
		want     time.Duration
	}{
		{0, time.Second, 0, time.Second},
		{0, time.Second, 0.9, time.Second},
		{1, time.Second, 0, time.Second},
		{1, time.Second, 0.5, 1500 * time.Millisecond},
		{2, time.Second, 0.5, 2500 * time.Millisecond},
		{3, time.Second, 0.5, 4500 * time.Millisecond},
		{4, time.Second, 0.5, 4500 * time.Millisecond},
		{math.MaxInt, time.Second, 0.5, 4500 * time.Millisecond},
		{1, 40 * time.Second, 0.5, 50 * time.Second},
		{3, 40 * time.Second, 0.5, 50 * time.Second},
		{1, time.Minute, 0.5, time.Minute},
		{3, 5 * time.Minute, 0.5, 5 * time.Minute},
		{1, math.MaxInt64, 0.5, math.MaxInt64},
		{-1, time.Second, 0.5, time.Second},
		{3, 0, 0.5, 0},
	}
	for _, c := range cases {
		if got := Backoff(c.failures, c.pace, c.random); got != c.want {
			t.Errorf("Backoff(%d, %v, %v) = %v, want %v", c.failures, c.pace, c.random, got, c.want)
		}
	}
}

func TestBackoffIsNeverShorterThanThePaceNorLongerThanAMinuteUnlessThePaceIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		failures := random.IntN(100)
		pace := time.Duration(random.Int64N(int64(1) << random.IntN(45)))
		for _, r := range []float64{0, random.Float64(), justBelowOne} {
			if got := Backoff(failures, pace, r); got < pace || got > max(pace, maxBackoff) {
				t.Fatalf("Backoff(%d, %v, %v) = %v", failures, pace, r, got)
			}
		}
	}
}

func TestBackoffGrowsWithTheFailuresAndTheDice(t *testing.T) {
	for failures := range 6 {
		for r := 0.0; r < 1; r += 0.1 {
			got := Backoff(failures, time.Second, r)
			if more := Backoff(failures+1, time.Second, r); more < got {
				t.Errorf("%d failures, random %v: %v, then %v", failures, r, got, more)
			}
			if more := Backoff(failures, time.Second, r+0.05); more < got {
				t.Errorf("%d failures: random %v: %v, a larger one: %v", failures, r, got, more)
			}
		}
	}
}

// TestBackoffSpreadsFeedsThatFailedTogether wants no moment at which many of
// them come back: full jitter.
func TestBackoffSpreadsFeedsThatFailedTogether(t *testing.T) {
	const feeds, slots = 100_000, 100
	random := rand.New(rand.NewPCG(3, 4))
	for failures, span := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second} {
		var counts [slots]int
		for range feeds {
			part := float64(Backoff(failures, time.Second, random.Float64())-time.Second) / float64(span-time.Second)
			counts[int(part*slots)]++
		}
		for slot, n := range counts {
			if n < feeds/slots*8/10 || n > feeds/slots*12/10 {
				t.Errorf("%d failures, slot %d: %d of %d", failures, slot, n, feeds)
			}
		}
	}
}
