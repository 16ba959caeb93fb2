package trace

import (
	"math"
	"math/rand/v2"
)

// The pauses between changes, in seconds: from one that changes all the time to one
// that changes three times in a trace of two hours.
const shortest, longest = 2, 2000

// random changes at random, at a rate of its own: a Poisson process.
func random(r *rand.Rand, horizon float64) []float64 {
	return poisson(r, nil, 0, horizon, between(r, shortest, longest))
}

// lively is the same, but what is slowest changes often enough to be seen in minutes.
func lively(r *rand.Rand, horizon float64) []float64 {
	return poisson(r, nil, 0, horizon, between(r, shortest, longest/10))
}

// poisson appends the changes of a while, with so many seconds between two in the
// mean.
func poisson(r *rand.Rand, at []float64, from, to, pause float64) []float64 {
	for now := from + r.ExpFloat64()*pause; now < to; now += r.ExpFloat64() * pause {
		at = append(at, now)
	}
	return at
}

// periodic changes by the clock.
func periodic(r *rand.Rand, horizon float64) (at []float64) {
	period := between(r, shortest, longest)
	for now := r.Float64() * period; now < horizon; now += period {
		at = append(at, now)
	}
	return at
}

// drifting changes by a clock that is late or early by 2 % each time, and whose
// period wanders by 1 % from one to the next.
func drifting(r *rand.Rand, horizon float64) (at []float64) {
	period := between(r, 5, 600)
	for now := r.Float64() * period; now < horizon; now += period * max(0.1, 1+0.02*r.NormFloat64()) {
		at = append(at, now)
		period *= math.Exp(0.01 * r.NormFloat64())
	}
	return at
}

// sleeping sleeps for minutes, and then changes all the time for a moment.
func sleeping(r *rand.Rand, horizon float64) (at []float64) {
	pause := between(r, 0.5, 5)
	asleep, awake := between(r, 60, 1200), between(r, 10, 120)
	for now := r.ExpFloat64() * asleep; now < horizon; now += r.ExpFloat64() * asleep {
		until := min(now+r.ExpFloat64()*awake, horizon)
		at = poisson(r, at, now, until, pause)
		now = until
	}
	return at
}

// restless changes at random, at a rate that is another one every few minutes.
func restless(r *rand.Rand, horizon float64) (at []float64) {
	for now := 0.0; now < horizon; {
		until := min(now+between(r, 300, 1800), horizon)
		at = poisson(r, at, now, until, between(r, shortest, longest))
		now = until
	}
	return at
}

// still never changes.
func still(*rand.Rand, float64) []float64 { return nil }

// thinned changes at random, at a rate that is at each moment a share of its highest.
func thinned(r *rand.Rand, horizon, pause float64, share func(at float64) float64) (at []float64) {
	for _, now := range poisson(r, nil, 0, horizon, pause) {
		if r.Float64() < share(now) {
			at = append(at, now)
		}
	}
	return at
}

// swelling changes at random, at a rate that swells and ebbs three times, from the
// most to a fiftieth of it, a little earlier or later than others.
func swelling(r *rand.Rand, horizon float64) []float64 {
	late := 0.1 * r.NormFloat64()
	return thinned(r, horizon, between(r, shortest, longest)/2, func(at float64) float64 {
		return 0.51 - 0.49*math.Cos(2*math.Pi*(3*at/horizon-late))
	})
}

// flashing hardly changes, but for a tenth of the time, in which it changes a hundred times
// as often as before: an event that all of them report.
func flashing(r *rand.Rand, horizon float64) []float64 {
	pause := between(r, 300, 20_000)
	at := poisson(r, nil, 0, flashFrom*horizon, pause)
	at = poisson(r, at, flashFrom*horizon, flashTo*horizon, pause/flashTimes)
	return poisson(r, at, flashTo*horizon, horizon, pause)
}

// The flash is late, when what was learned of the quiet is old.
const flashFrom, flashTo, flashTimes = 0.6, 0.7, 100
