package schedule

import (
	"math"
	"time"
)

// Adaptive is the interval of a feed that shares no budget with others. It has one
// owner.
type Adaptive struct {
	terms    Terms
	learned  learned
	price    float64
	interval float64 // seconds: a guess
}

// NewAdaptive returns the interval of a feed of which nothing is known. Its price is
// what makes a poll worth it as often as Min for a single subscriber of a resource
// that changes about as often: a slower one, with fewer subscribers, is polled less
// often. Were the price what fills a budget of all feeds at Min, as one might think,
// each of them would be polled at Min.
func NewAdaptive(t Terms) *Adaptive {
	typical := math.Sqrt(t.Min.Seconds() * t.Max.Seconds())
	a := &Adaptive{learned: learned{belief: NewBelief(1/typical, nil)}, interval: typical}
	a.Renew(t)
	return a
}

// Renew goes by other terms, with what was learned.
func (a *Adaptive) Renew(t Terms) {
	a.terms = t
	a.price = wait(1) * t.Min.Seconds() * t.Min.Seconds()
}

// Observe takes in what a poll came to that began then.
func (a *Adaptive) Observe(began time.Time, o Outcome) {
	if o.Known {
		a.learned.observe(began, o.Changed, o.Instant)
	}
}

// Interval is how long to wait between two polls for so many subscribers. Who asks
// for himself counts as one.
func (a *Adaptive) Interval(subscribers int64) time.Duration {
	weight := float64(max(subscribers, 1)) * a.terms.Weight
	a.interval = a.learned.until(a.price/weight, a.interval)
	return min(max(duration(a.interval), a.terms.Min), a.terms.Max)
}
