package schedule

import (
	"math"
	"time"
)

const (
	// margin is how much slower than the budget requests are paced, so that none
	// is late by more than the window has room for.
	margin = 1.003

	// No more than the number of requests of a window begin for a little longer than
	// it lasts: they reach the origin later than they begin, and not all by the same.
	travel     = 4500 * time.Microsecond
	mostTravel = 0.0045 // of a window

	// recovery is how long a budget takes from nothing to all.
	recovery = time.Minute

	// deepest is how far it can be cut.
	deepestCut = 1.0 / 32

	maxRecent = 4096
)

// Budget is how many requests an upstream gets: never more than so many in a
// second, evenly spaced while all of them are wanted. A budget of less than one a
// second is one request in the time that it takes. It has one owner.
type Budget struct {
	full   float64       // requests a second
	rate   float64       // what a refusal left of it
	cut    time.Time     // when that was reckoned
	halved time.Time     // when it was refused last
	window time.Duration // in which no more begin than recent has room for
	recent []time.Time   // when they did: a ring
	oldest int           // in it
	even   time.Time     // when the next is due at an even pace
	rest   time.Time     // until when the origin is to be left alone
}

// NewBudget returns one of so many requests a second, more than 0.
func NewBudget(perSecond float64) *Budget {
	n := min(max(math.Ceil(perSecond), 1), maxRecent)
	window := n / perSecond
	return &Budget{
		full: perSecond, rate: perSecond,
		window: duration(window + min(travel.Seconds(), mostTravel*window)), recent: make([]time.Time, int(n)),
	}
}

// with returns one of so many requests a second that goes on where b is: what began
// lately counts, and what refusals have left of b is left of it.
func (b *Budget) with(perSecond float64, now time.Time) *Budget {
	next := NewBudget(perSecond)
	n, most := len(next.recent), len(b.recent)
	for i := range min(n, most) { // from the latest on, which is the last to be oldest
		next.recent[n-1-i] = b.recent[(b.oldest-1-i+2*most)%most]
	}
	next.rate = perSecond * b.Rate(now) / b.full
	next.cut, next.halved, next.even, next.rest = b.cut, b.halved, b.even, b.rest
	if soon := now.Add(duration(next.pause(now))); next.even.After(soon) {
		next.even = soon
	}
	return next
}

// Rate is how many requests a second there are now.
func (b *Budget) Rate(now time.Time) float64 {
	if b.rate < b.full {
		b.rate = min(b.full, b.rate+b.full*max(now.Sub(b.cut).Seconds(), 0)/recovery.Seconds())
		b.cut = now
	}
	return b.rate
}

// Earliest is when the next request may begin: at an even pace or, for those that
// cannot wait, as many as were not used lately at once.
func (b *Budget) Earliest(now time.Time, waits bool) time.Time {
	even := b.even
	if waits && b.Rate(now) == b.full {
		even = even.Add(-duration(max(b.full/4-1, 0) * b.pause(now)))
	}
	return latest(b.recent[b.oldest].Add(b.window), even, b.rest)
}

// Take notes that one begins.
func (b *Budget) Take(now time.Time) {
	b.recent[b.oldest] = now
	b.oldest = (b.oldest + 1) % len(b.recent)
	pause := duration(b.pause(now))
	// One that was late takes nothing from those that follow, as long as it was
	// not late by more than a clock is.
	if late := now.Add(-max(pause, tardiness)); b.even.Before(late) {
		b.even = late
	}
	b.even = b.even.Add(pause)
}

// tardiness is how late a timer may be.
const tardiness = 20 * time.Millisecond

// pause is between two requests at an even pace, in seconds.
func (b *Budget) pause(now time.Time) float64 { return margin / b.Rate(now) }

// Refuse halves the budget, because a request that began then was refused as one
// too many. Those that were under way at the last refusal count as one.
func (b *Budget) Refuse(began, now time.Time) {
	if began.Before(b.halved) {
		return
	}
	b.rate = max(b.Rate(now)/2, b.full*deepestCut)
	b.cut, b.halved = now, now
	b.even = latest(b.even, now.Add(duration(b.pause(now))))
}

// Rest lets nothing begin before then.
func (b *Budget) Rest(until time.Time) { b.rest = latest(b.rest, until) }

// IsResting reports whether the origin is to be left alone.
func (b *Budget) IsResting(now time.Time) bool { return now.Before(b.rest) }

func latest(first time.Time, more ...time.Time) time.Time {
	for _, t := range more {
		if t.After(first) {
			first = t
		}
	}
	return first
}
