package schedule

import (
	"math"
	"slices"
)

// A rhythm is what the instants of a resource's changes, where its origin tells
// them, say about when the next one comes.
const (
	remembered = 9    // instants
	fewest     = 3    // gaps between them that a rhythm is seen in
	deepest    = 6    // changes in the shortest of these gaps, all but the last of them unseen
	firm       = 0.98 // the most that is believed
	strange    = 4.0  // how much less likely than none a rhythm is at first, as a logarithm
	miss       = 1.5  // what is taken off for each change that did not come
	late       = 4.0  // times as late as ever so far a change may be
	tardy      = 0.7  // of the belief is left then
	hedge      = 4.0  // times as long as without a rhythm is as long as anything waits for one
	leaning    = 0.15 // of the time until then
	narrow     = 0.02 // of a period: a change that is expected within less is as good as known
	wrong      = 2.0  // what a rhythm that was wrong takes off those that come after it
	right      = 1.0  // what one gives back of that that was right
	disbelief  = 6.0  // the most that this comes to
	oblivion   = 0.01 // of it is forgotten at each instant
	unworthy   = -2.0 // of being judged is a rhythm that is believed less than that
)

// rhythm belongs to one resource. Times are in seconds.
type rhythm struct {
	instants []float64 // the latest last
	period   float64   // 0: none
	spread   float64   // by how much changes were early or late at most
	evidence float64   // for it, as the logarithm of odds
	doubt    float64   // in it, because others were wrong
}

// note takes in another instant, and how precisely it is known.
func (r *rhythm) note(instant, precision float64) {
	r.judge(instant)
	if len(r.instants) == remembered {
		r.instants = slices.Delete(r.instants, 0, 1)
	}
	r.instants = append(r.instants, instant)
	r.period, r.evidence = 0, 0
	for n := fewest; n < len(r.instants); n++ {
		r.fit(r.instants[len(r.instants)-1-n:], precision)
	}
}

// judge compares an instant to the rhythm that there seemed to be. A few gaps out of
// many look like one now and then, whatever the resource does: the more often that
// was wrong, the more the next one has to prove.
func (r *rhythm) judge(instant float64) {
	r.doubt *= 1 - oblivion
	if r.odds() < unworthy {
		return
	}
	gap := instant - r.instants[len(r.instants)-1]
	if math.Abs(gap-math.Round(gap/r.period)*r.period) > 2*r.spread {
		r.doubt = min(r.doubt+wrong, disbelief)
	} else {
		r.doubt = max(r.doubt-right, 0)
	}
}

// forget is for an origin that cannot have told the truth: it has told nothing yet.
func (r *rhythm) forget() {
	r.doubt = min(r.doubt+wrong, disbelief)
	r.instants, r.period, r.evidence = r.instants[:0], 0, 0
}

// odds are the logarithm of those for the rhythm.
func (r *rhythm) odds() float64 { return r.evidence - strange - r.doubt }

// fit looks for a period in these instants that explains them better than what is
// known so far.
func (r *rhythm) fit(instants []float64, precision float64) {
	shortest := math.Inf(1)
	for i := 1; i < len(instants); i++ {
		shortest = min(shortest, instants[i]-instants[i-1])
	}
	for k := 1.0; k <= deepest; k++ {
		r.try(instants, shortest/k, precision, math.Log(k))
	}
}

// try measures how well a period explains the gaps between instants. One that does
// by chance has each of them anywhere.
func (r *rhythm) try(instants []float64, period, precision, penalty float64) {
	count := 0.0
	for i := 1; i < len(instants); i++ {
		count += math.Round((instants[i] - instants[i-1]) / period)
	}
	period = (instants[len(instants)-1] - instants[0]) / count
	spread := 0.0
	for i := 1; i < len(instants); i++ {
		gap := instants[i] - instants[i-1]
		spread = max(spread, math.Abs(gap-math.Round(gap/period)*period))
	}
	spread = max(spread+precision, period/500)
	evidence := float64(len(instants)-2)*math.Log(period/(2*spread)) - penalty
	if evidence > r.evidence {
		r.period, r.spread, r.evidence = period, spread, evidence
	}
}

// expectation is when the next change is expected: evenly between two times, in
// seconds after the latest poll.
type expectation struct {
	from, to float64
	period   float64 // from one change to the next
	belief   float64 // in all that, from 0 to 1
}

// expect says what the rhythm lets one expect after a poll at some time.
func (r *rhythm) expect(polled float64) expectation {
	if r.period == 0 {
		return expectation{}
	}
	since := polled - r.instants[len(r.instants)-1]
	ahead := max(math.Ceil((since-late*r.spread)/r.period), 1)
	next := ahead*r.period - since
	odds := r.odds() - miss*(ahead-1)
	e := expectation{from: max(next-r.spread, 0), to: next + r.spread, period: r.period, belief: firm / (1 + math.Exp(-odds))}
	if e.to <= shortest { // it has not come
		e.from, e.to = 0, next+late*r.spread
		e.belief *= tardy
	}
	return e
}

// aligned is when to poll instead of at t, if that is after the change that is
// expected: right after the one before or after t, whichever is closer. A poll in
// between costs as much, and sees less. Resources with one rhythm do not all change
// their minds at one price: some lean to one side.
func (e *expectation) aligned(t, lean float64) float64 {
	if e.belief < certain || t <= e.to || e.to-e.from > narrow*e.period {
		return t
	}
	return e.to + math.Round((t*(1+leaning*lean)-e.to)/e.period)*e.period
}

// cost is what waiting for so many seconds loses if the change comes as
// expected.
func (e *expectation) cost(t float64) float64 {
	switch a, b := e.from, e.to; {
	case t <= a:
		return 0
	case t < b:
		return (t*t*t/3 - a*t*t/2 + a*a*a/6) / (b - a)
	default:
		return (b*b*b/3-a*b*b/2+a*a*a/6)/(b-a) + (t*t-b*b)/2
	}
}

// hedge is the cost of waiting for t seconds if the change may come as expected,
// or else at any time, which costs so much.
func (e *expectation) hedge(otherwise, t float64) float64 {
	return otherwise + e.belief*(e.cost(t)-otherwise)
}
