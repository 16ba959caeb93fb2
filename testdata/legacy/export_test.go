package legacy

import (
	"math/rand/v2"
	"time"
)

// Beat makes the series of instants of a pace testable: it returns a function
// that lists those up to a time which have not been listed yet.
func Beat(pace Pace, seed uint64, start time.Time) func(now time.Time) []time.Time {
	b := newBeat(pace, rand.New(rand.NewPCG(seed, whenStream)), start)
	return func(now time.Time) (passed []time.Time) {
		for at := range b.passed(now) {
			passed = append(passed, at)
		}
		return passed
	}
}

// DividedBy is a pace for one of n.
func (p Pace) DividedBy(n int) Pace { return p.dividedBy(n) }

// PlayGames plays so many pitches and shows each to look.
func PlayGames(pitches int, r *rand.Rand, look func(before, after Game)) {
	g := newGame(1, time.Time{})
	for range pitches {
		before := g
		g.advance(r, time.Time{})
		look(before, g)
	}
}

// Bounds that tests go beyond.
const (
	MaxPaths     = maxPaths
	MaxWriteBody = maxWriteBody
	MaxPost      = maxPost
	MaxText      = maxText
	MaxKeptBody  = maxKeptBody
)
