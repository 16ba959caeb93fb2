package replay

import "slices"

// aimd lengthens an interval a little with each poll that saw nothing new, and
// shortens it at once with each that did: additive increase, multiplicative
// decrease. It adapts in a few polls, and so it is hard to beat where resources
// sleep and burst.
type aimd struct {
	usual  []float64 // intervals to begin with
	factor []float64 // of the usual interval, as it is now
}

// The parameters, and the bounds of the factor, are the best of some 400 choices
// (0.005 to 1 longer, 0.3 to 0.9 of what it was, bounds 0.01 to 0.7 and 1.5 to 100),
// by the geometric mean of the staleness against uniform, over the kinds of package
// trace with 200 and 300 resources at 2 to 75 requests per second, and a day of buses.
// The optimum is flat. What matters is that the bounds are close: that an interval is
// twice what it should be costs little, that a resource is forgotten costs a lot.
// With 0.01 and 100 the weighted one is 8 times worse than uniform on the buses.
const (
	aimdLonger  = 0.03
	aimdShorter = 0.8
	aimdLeast   = 0.5
	aimdMost    = 2
)

func newAIMD(s setting) policy         { return enterAIMD(s, evenly(s)) }
func newWeightedAIMD(s setting) policy { return enterAIMD(s, byWeight(s)) }

func enterAIMD(s setting, usual []float64) policy {
	a := &aimd{usual: usual, factor: slices.Repeat([]float64{1}, len(usual))}
	return newPaced(s, slices.Clone(usual), a.learn)
}

func (a *aimd) learn(i int, _ float64, changed bool) float64 {
	if changed {
		a.factor[i] = max(a.factor[i]*aimdShorter, aimdLeast)
	} else {
		a.factor[i] = min(a.factor[i]+aimdLonger, aimdMost)
	}
	return a.factor[i] * a.usual[i]
}
