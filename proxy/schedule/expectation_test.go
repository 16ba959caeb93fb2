package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
)

// expecting is the expected integral of a change's age, t seconds after a poll, if
// it comes as expected.
func (e *expectation) expecting(t float64) float64 {
	came := func(s float64) float64 { return min(max((s-e.from)/(e.to-e.from), 0), 1) }
	first, last := min(e.from, t), min(e.to, t) // it has corners, which Simpson's rule does not like
	age := func(s float64) float64 { return s * came(s) }
	return integral(age, 0, first, 10) + integral(age, first, last, 100) + integral(age, last, t, 100)
}

func TestExpectedCostIsThatOfWaiting(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	for range 20_000 {
		e := expectation{from: anyOrder(random, 1e-3, 1e5)}
		if random.IntN(4) == 0 {
			e.from = 0
		}
		e.to = e.from + max(e.from*anyOrder(random, 1e-3, 1), 1e-3)
		t0 := e.to * anyOrder(random, 0.3, 10)
		if got, want := e.cost(t0), e.expecting(t0); math.Abs(got-want) > 1e-6*t0*t0 {
			t.Fatalf("%+v: waiting for %v s costs %v, want %v", e, t0, got, want)
		}
	}
}

func TestTheHedgeIsBetweenTheTwoCosts(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 10_000 {
		e := expectation{from: 10 * random.Float64(), belief: random.Float64()}
		e.to = e.from + 10*random.Float64()
		t0, otherwise := 30*random.Float64(), 100*random.Float64()
		want := e.belief*e.cost(t0) + (1-e.belief)*otherwise
		if got := e.hedge(otherwise, t0); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%+v: %v, want %v", e, got, want)
		}
	}
}

// TestNothingWaitsForLongForAChangeThatIsExpected compares to how long it would
// wait for one that is not.
func TestNothingWaitsForLongForAChangeThatIsExpected(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 3))
	for range 20_000 {
		r, cost := someRates(random), anyOrder(random, 1e-3, 1e6)
		e := expectation{from: anyOrder(random, 1e-3, 1e5), belief: random.Float64()}
		e.to = e.from * (1 + random.Float64())
		e.period = e.to * (1 + 5*random.Float64())
		without := r.until(cost, 1)
		got := r.untilExpected(cost, 1, &e, 0)
		if got > hedge*without*(1+1e-9) || !(got > 0) {
			t.Fatalf("%v, cost %v, %+v: %v s, without %v", *r, cost, e, got, without)
		}
		if e.belief = 0; off(r.untilExpected(cost, 1, &e, 0), without) > 0.01 {
			t.Fatalf("%v, cost %v: an expectation that is not believed makes %v of %v", *r, cost, r.untilExpected(cost, 1, &e, 0), without)
		}
	}
}

func TestUntilExpectedIsWhenWaitingHasCostSoMuch(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 4))
	for range 5000 {
		r, e := someRates(random), expectation{from: anyOrder(random, 1e-2, 1e4), belief: certain * random.Float64()}
		e.to = e.from * (1.01 + random.Float64())
		cost := exactly(r, anyOrder(random, 1e-2, 1e5))
		low, high := shortest, timeOf(times-1)
		for high > low*(1+1e-6) {
			if middle := math.Sqrt(low * high); e.hedge(exactly(r, middle), middle) < cost {
				low = middle
			} else {
				high = middle
			}
		}
		want := min(low, hedge*r.until(cost, 1))
		if got := r.untilExpected(cost, 1, &e, 0); off(got, want) > 0.01 {
			t.Fatalf("%v, cost %v, %+v: %v s, want %v", *r, cost, e, got, want)
		}
	}
}

// TestAPollComesRightAfterTheChangeThatIsExpected if that costs little otherwise.
func TestAPollComesRightAfterTheChangeThatIsExpected(t *testing.T) {
	r := around(1.0 / 100)
	e := expectation{from: 59.5, to: 60.5, period: 60, belief: firm}
	for _, cost := range []float64{100, 500, 1000} { // without: 20 s and more
		if got := r.untilExpected(cost, 10, &e, 0); got < 59.5 || got > 75 {
			t.Errorf("cost %v: after %v s", cost, got)
		}
	}
	if got := r.untilExpected(1e6, 10, &e, 0); math.Abs(math.Remainder(got-e.to, e.period)) > 1e-6 {
		t.Errorf("long after the change that is expected: after %v s, in the middle between two", got)
	}
}
