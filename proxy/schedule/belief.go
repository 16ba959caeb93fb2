package schedule

import "math"

// A belief is a distribution over how often a resource changes: over rates that
// lie an octave apart, from ten a second down to one in 58 hours.
const (
	octaves = 22
	fastest = 10.0 // changes a second
)

// rates is a probability for each rate, the fastest first.
type rates [octaves]float64

// rateOf is the rate that stands at a place of rates, in changes a second.
func rateOf(octave int) float64 { return fastest / float64(uint(1)<<octave) }

// around is what is believed of a resource that nobody has looked at: it changes
// about as often as rate says, within a factor of fifty or so.
func around(rate float64) (r rates) {
	const width = 4.0 // standard deviation of the logarithm
	sum := 0.0
	for k := range r {
		off := math.Log(rateOf(k)/rate) / width
		r[k] = math.Exp(-off * off / 2)
		sum += r[k]
	}
	return r.times(1 / sum)
}

func (r rates) times(factor float64) rates {
	for k := range r {
		r[k] *= factor
	}
	return r
}

// toward moves r a part of the way to another distribution.
func (r *rates) toward(to *rates, part float64) {
	for k := range r {
		r[k] += part * (to[k] - r[k])
	}
}

// unchanged is how likely each rate leaves a resource as it is for so many
// seconds.
func unchanged(elapsed float64) (likely rates) {
	e := math.Exp(-rateOf(octaves-1) * elapsed)
	for k := octaves - 1; k >= 0; k-- {
		likely[k] = e
		e *= e // twice the rate
	}
	return likely
}

// learn takes in how likely each rate made what was seen (Bayes' rule), and returns
// how likely that was before.
func (r *rates) learn(likely *rates) (before float64) {
	for k := range r {
		r[k] *= likely[k]
		before += r[k]
	}
	if before < 1e-100 { // no rate explains it: a fault of the origin, or of ours
		*r = likely.normal()
		return 1e-100
	}
	*r = r.times(1 / before)
	return before
}

func (r *rates) normal() rates {
	sum := 0.0
	for _, p := range r {
		sum += p
	}
	if sum < 1e-100 {
		return rates{octaves / 2: 1}
	}
	return r.times(1 / sum)
}

// drifters is how many beliefs there are about one resource.
const drifters = 3

// Resources differ in how steady they are: one changes at the same rate for ever,
// the next sleeps for minutes and then bursts. So there is one belief for each of
// a few paces at which a rate may become another, and those count most that have
// foretold best what polls saw.
var drifts = [drifters]float64{0.0003, 0.03, 0.2} // of the belief that is given up at each poll

// trusted is how much each of them counts before any has foretold anything.
var trusted = [drifters]float64{0.6, 0.3, 0.1}

const (
	habitTime = 3600.0 // seconds over which habits are averaged
	surprise  = 0.1    // of what is given up, that goes to what nobody expects
	doubt     = 0.001  // of the trust in a belief, that is spread over all at each poll
)

// Belief is what is known about the changes of one resource. Its size is fixed, and
// its owner is the item's.
type Belief struct {
	prior  rates             // before anything was seen
	habit  rates             // how much of the time it changes at which rate
	paths  [drifters]rates   // one belief for each drift
	trust  [drifters]float64 // in each of them
	now    rates             // all of them
	others *rates            // what is believed of all resources of its kind; may be nil
	known  bool              // there is nothing to learn
}

// NewBelief expects so many changes a second, roughly. others is what is known of
// resources of its kind, and may change at any time; nil is nothing.
func NewBelief(rate float64, others *rates) *Belief {
	b := &Belief{prior: around(rate), others: others}
	b.habit, b.now = b.prior, b.prior
	for i := range b.paths {
		b.paths[i], b.trust[i] = b.prior, trusted[i]
	}
	return b
}

// certainly is the belief that there are so many changes a second, and always will
// be.
func certainly(rate float64) *Belief {
	b := &Belief{known: true}
	at := min(max(math.Log2(fastest/rate), 0), octaves-1)
	low := min(int(at), octaves-2)
	b.now[low], b.now[low+1] = 1-(at-float64(low)), at-float64(low)
	return b
}

// Observe takes in what a poll saw, so many seconds after the one before it.
func (b *Belief) Observe(elapsed float64, changed bool) {
	likely := unchanged(elapsed)
	if changed {
		for k := range likely {
			likely[k] = 1 - likely[k]
		}
	}
	b.observe(&likely, elapsed)
}

// ObserveAge takes in that the last change was so many seconds ago.
func (b *Belief) ObserveAge(elapsed, age float64) {
	likely := unchanged(age)
	for k := range likely {
		likely[k] *= rateOf(k) * min(elapsed, 1)
	}
	b.observe(&likely, elapsed)
}

func (b *Belief) observe(likely *rates, elapsed float64) {
	if b.known {
		return
	}
	total := 0.0
	for i := range b.paths {
		b.trust[i] *= max(b.paths[i].learn(likely), 1e-12)
		total += b.trust[i]
	}
	var all rates
	for i := range b.paths {
		b.trust[i] = (1-doubt)*b.trust[i]/total + doubt*trusted[i]
		for k := range all {
			all[k] += b.trust[i] * b.paths[i][k]
		}
	}
	b.habit.toward(&all, elapsed/(habitTime+elapsed))
	b.drift()
}

// drift lets each rate become another: usually one of the resource's own.
func (b *Belief) drift() {
	other := b.habit
	other.toward(&b.prior, surprise)
	b.now = rates{}
	for i := range b.paths {
		b.paths[i].toward(&other, drifts[i])
		path := b.paths[i]
		if i == 0 {
			path = b.amongOthers()
		}
		for k := range b.now {
			b.now[k] += b.trust[i] * path[k]
		}
	}
}

// amongOthers is the steadiest belief, had it begun with what is known of other
// resources: one of which little is known is thought to be like them (empirical
// Bayes).
func (b *Belief) amongOthers() rates {
	steady := b.paths[0]
	if b.others == nil {
		return steady
	}
	for k := range steady {
		steady[k] *= b.others[k] / b.prior[k]
	}
	return steady.normal()
}

// Rate is the mean of what is believed, in changes a second.
func (b *Belief) Rate() (mean float64) {
	for k, p := range b.now {
		mean += p * rateOf(k)
	}
	return mean
}
