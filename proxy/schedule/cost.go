package schedule

import "math"

// The cost of waiting is tabulated at times that lie a quarter of an octave
// apart.
const (
	steps     = 4            // in an octave
	shortest  = 1.0 / 1024   // seconds: the first time
	times     = 29*steps + 1 // up to 2^19 seconds: six days
	waitTable = times + (octaves-1)*steps
)

// timeOf is a tabulated time, in seconds.
func timeOf(place int) float64 { return shortest * math.Exp2(float64(place)/steps) }

// squares are the tabulated times, squared.
var squares = func() (s [times]float64) {
	for i := range s {
		s[i] = timeOf(i) * timeOf(i)
	}
	return s
}()

// waits is g(x)/x² of Olston and Pandey's cost, for x = rate · time: from the
// shortest time at the slowest rate up.
var waits = func() (w [waitTable]float64) {
	for i := range w {
		w[i] = wait(rateOf(octaves-1) * timeOf(i))
	}
	return w
}()

// wait is g(x)/x², g(x) = x²/2 + x·e⁻ˣ − 1 + e⁻ˣ: what waiting for x mean times
// between changes costs, as a part of what it would cost if there had been a change
// at its very beginning, twice over. Near 0 the terms cancel out.
func wait(x float64) float64 {
	if x < 1e-3 {
		return x/3 - x*x/8
	}
	e := math.Exp(-x)
	return 0.5 + (x*e-1+e)/(x*x)
}

// cost is what a subscriber loses, in seconds times seconds, by waiting for a
// tabulated time after a poll: the expected integral of the age of the first change
// that it has not seen.
func (r *rates) cost(place int) float64 {
	sum := 0.0
	from := place + (octaves-1)*steps
	for k, p := range r {
		sum += p * waits[from-k*steps]
	}
	return sum * squares[place]
}

// until is how long to wait after a poll, in seconds, until that has cost so much.
// guess is about what it was before.
func (r *rates) until(cost, guess float64) float64 {
	place, low, high := r.bracket(guess, cost, r.cost)
	return between(place, low, high, cost)
}

// untilExpected is until, if the next change may come as expected: it is never
// longer than hedge times what it would be otherwise.
func (r *rates) untilExpected(cost, guess float64, e *expectation, lean float64) float64 {
	without := r.until(cost, guess)
	hedged := func(place int) float64 { return e.hedge(r.cost(place), timeOf(place)) }
	place, _, _ := r.bracket(without, cost, hedged)
	low, high := math.Log(r.cost(place)), math.Log(r.cost(place+1))
	from, to := 0.0, 1.0
	for range 8 {
		part := (from + to) / 2
		if e.hedge(math.Exp(low+part*(high-low)), timeOf(place)*math.Exp2(part/steps)) < cost {
			from = part
		} else {
			to = part
		}
	}
	return min(e.aligned(timeOf(place)*math.Exp2(to/steps), lean), hedge*without)
}

// bracket is the last tabulated time at which waiting has cost no more than so
// much, and the costs there and at the next.
func (r *rates) bracket(guess, cost float64, of func(place int) float64) (place int, low, high float64) {
	place = min(max(int(math.Log2(guess/shortest)*steps), 0), times-2)
	low = of(place)
	for low > cost && place > 0 {
		place--
		low = of(place)
	}
	high = of(place + 1)
	for high < cost && place < times-2 {
		place++
		low, high = high, of(place+1)
	}
	return place, low, high
}

// between is the time between a tabulated one and the next at which waiting costs
// so much: the cost grows by a power of time.
func between(place int, low, high, cost float64) float64 {
	if !(cost > low) { // or it is no number
		return timeOf(place)
	}
	part := min(math.Log(cost/low)/math.Log(high/low), 1)
	return timeOf(place) * math.Exp2(part/steps)
}
