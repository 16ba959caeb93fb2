package replay

import "math/rand/v2"

// pace lets one poll happen every 1/budget seconds, as the baselines do.
type pace struct {
	budget float64
	polls  int
}

// slot is when the next one is.
func (p *pace) slot() float64 { return float64(p.polls) / p.budget }

// paced polls each resource at an interval of its own, all of them stretched by one
// factor so that they fill the budget. It keeps time by a clock that runs so much
// slower or faster: by that clock intervals are what they are, and stay so when
// another's changes and with it the factor.
type paced struct {
	pace
	random    *rand.Rand
	intervals []float64
	rate      float64 // the sum of their inverses
	clock     float64
	due       *queue // by that clock
	learn     learner
}

// learner returns the interval that a poll leads to, in seconds before stretching.
type learner func(resource int, now float64, changed bool) float64

// jitter is by what part of itself an interval varies, so that polls do not keep
// in step with what changes by the clock. On the buses, without it, the root of the
// weight is as often 0.89 as 0.81 of uniform; elsewhere it changes nothing.
const jitter = 0.05

// newPaced begins each at a random time of its first interval. Without a learner
// intervals stay as they are.
func newPaced(s setting, intervals []float64, learn learner) *paced {
	p := &paced{pace: pace{budget: s.budget}, random: s.random, intervals: intervals, learn: learn}
	due := make([]float64, len(intervals))
	for i, interval := range intervals {
		p.rate += 1 / interval
		due[i] = s.random.Float64() * interval
	}
	p.due = newQueue(due)
	return p
}

func (p *paced) next(float64) (int, float64) { return p.due.first(), p.slot() }

func (p *paced) polled(i int, now float64, saw observation) {
	if p.learn != nil {
		p.rate -= 1 / p.intervals[i]
		p.intervals[i] = p.learn(i, now, saw.changed)
		p.rate += 1 / p.intervals[i]
	}
	p.due.set(i, p.clock+p.intervals[i]*(1+jitter*(2*p.random.Float64()-1)))
	p.clock += 1 / p.rate // as 1/budget seconds pass
	p.polls++
}
