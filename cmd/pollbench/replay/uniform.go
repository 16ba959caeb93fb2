package replay

import "math"

// roundRobin polls one after the other.
type roundRobin struct {
	pace
	n int
}

func newUniform(s setting) policy {
	return &roundRobin{pace: pace{budget: s.budget}, n: len(s.weights)}
}

func (r *roundRobin) next(float64) (int, float64)      { return r.polls % r.n, r.slot() }
func (r *roundRobin) polled(int, float64, observation) { r.polls++ }

// newSqrtWeight polls at rates that go with the root of the weight, which is best
// if all change alike, and often.
func newSqrtWeight(s setting) policy { return newPaced(s, byWeight(s), nil) }

// byWeight are intervals that go with the root of the weight, whose rates have the
// mean that the budget allows.
func byWeight(s setting) []float64 {
	intervals := make([]float64, len(s.weights))
	mean := 0.0
	for _, w := range s.weights {
		mean += math.Sqrt(w) / float64(len(s.weights))
	}
	for i, w := range s.weights {
		intervals[i] = s.even() * mean / math.Sqrt(w)
	}
	return intervals
}

// evenly are intervals that are all alike.
func evenly(s setting) []float64 {
	intervals := make([]float64, len(s.weights))
	for i := range intervals {
		intervals[i] = s.even()
	}
	return intervals
}
