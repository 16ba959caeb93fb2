package legacy

import (
	"iter"
	"math/rand/v2"
	"time"
)

// Pace is how often an origin changes by itself: after a random time between
// Min and Max, in whole milliseconds, then again. Max below Min counts as Min:
// a regular beat. The zero Pace is the origin's usual one.
type Pace struct{ Min, Max time.Duration }

// Never is the pace of an origin that changes only when it is told to.
func Never() Pace { return Pace{Min: -1} }

func (p Pace) or(usual Pace) Pace {
	if p == (Pace{}) {
		return usual
	}
	return p
}

func (p Pace) dividedBy(n int) Pace {
	if p.Min < 0 {
		return p // never stays never
	}
	return Pace{p.Min / time.Duration(n), p.Max / time.Duration(n)}
}

// beat is the series of instants at which something changes. It is lazy: it
// moves only when asked, so it needs no goroutine, and what it yields depends
// on its seed and its start alone. Its owner's mutex guards it.
type beat struct {
	pace Pace
	rand *rand.Rand
	next time.Time
}

func newBeat(pace Pace, rand *rand.Rand, start time.Time) *beat {
	b := &beat{pace: pace, rand: rand}
	b.next = b.after(start)
	return b
}

// passed yields, in order and once each, the instants up to now.
func (b *beat) passed(now time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for b.pace.Min >= 0 && !b.next.After(now) {
			at := b.next
			b.next = b.after(at)
			if !yield(at) {
				return
			}
		}
	}
}

// after rounds to milliseconds because that is what Instant shows: an instant
// must be the same in memory and in JSON.
func (b *beat) after(at time.Time) time.Time {
	wait := b.pace.Min.Milliseconds()
	if spread := b.pace.Max.Milliseconds() - wait; spread > 0 {
		wait += b.rand.Int64N(spread + 1)
	}
	return at.Add(time.Duration(max(wait, 1)) * time.Millisecond)
}
