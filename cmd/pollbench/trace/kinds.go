package trace

import "math/rand/v2"

// Kinds returns all that Generate knows.
func Kinds() []Kind {
	return []Kind{
		{Name: "poisson", About: "changes at random, once per 2 s to once per 2000 s", n: 1000, horizon: 7200, stream: 1, origin: all(random)},
		{Name: "half-periodic", About: "the same, but every second one changes by the clock", n: 1000, horizon: 7200, stream: 2, origin: all(periodic, random)},
		{Name: "periodic-instants", About: "the same, and answers tell when they changed", n: 1000, horizon: 7200, stream: 2, instants: true, origin: all(periodic, random)},
		{Name: "sleepers", About: "they sleep for minutes, then change all the time for a moment", n: 300, horizon: 14400, stream: 3, origin: all(sleeping)},
		{Name: "swap", About: "rates change places between resources", n: 500, horizon: 14400, stream: 4, origin: swapping},
		{Name: "drift", About: "periods that drift and jitter", n: 300, horizon: 7200, stream: 5, origin: all(drifting)},
		{Name: "mixed", About: "a bit of everything", n: 500, horizon: 14400, stream: 6, origin: all(random, periodic, sleeping, restless, drifting, swelling, still, flashing)},
		{Name: "flash", About: "a quiet day, then everything changes at once for a while", n: 500, horizon: 14400, stream: 7, origin: all(flashing)},
		{Name: "diurnal", About: "rates swell and ebb", n: 500, horizon: 21600, stream: 8, origin: all(swelling)},
		{Name: "lively", About: "changes at random, once per 2 s to once per 200 s", n: 200, horizon: 7200, stream: 9, origin: all(lively)},
	}
}

// all is an origin whose resources have these histories in turn.
func all(each ...history) func(*rand.Rand, int, float64) []history {
	return func(_ *rand.Rand, n int, _ float64) (origin []history) {
		for i := range n {
			origin = append(origin, each[i%len(each)])
		}
		return origin
	}
}

// dwell is how many seconds a resource keeps a rate in the mean, where rates change
// places.
const dwell = 900

// swapping is an origin in which every now and then two resources exchange their
// rates: all that there is to know of the whole stays as it is.
func swapping(r *rand.Rand, n int, horizon float64) []history {
	pauses, since := make([]float64, n), make([]float64, n)
	stages := make([][]stage, n)
	for i := range pauses {
		pauses[i] = between(r, shortest, longest)
	}
	leave := func(i int, now float64) {
		stages[i] = append(stages[i], stage{since[i], now, pauses[i]})
		since[i] = now
	}
	between := 2 * dwell / float64(n) // each swap moves two
	for now := r.ExpFloat64() * between; now < horizon; now += r.ExpFloat64() * between {
		i, j := r.IntN(n), r.IntN(n)
		leave(i, now)
		leave(j, now)
		pauses[i], pauses[j] = pauses[j], pauses[i]
	}
	origin := make([]history, n)
	for i := range origin {
		leave(i, horizon)
		origin[i] = staged(stages[i])
	}
	return origin
}

// stage is a while in which a resource changes at one rate.
type stage struct{ from, to, pause float64 }

// staged changes at random, at one rate after the other.
func staged(stages []stage) history {
	return func(r *rand.Rand, _ float64) (at []float64) {
		for _, s := range stages {
			at = poisson(r, at, s.from, s.to, s.pause)
		}
		return at
	}
}
