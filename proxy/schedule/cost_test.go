package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
)

// integral is that of f from a to b, by Simpson's rule on n pairs of pieces.
func integral(f func(float64) float64, a, b float64, n int) float64 {
	h := (b - a) / float64(2*n)
	sum := f(a) + f(b)
	for i := 1; i < 2*n; i++ {
		sum += f(a+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// off is by what part a value is not what it should be.
func off(got, want float64) float64 { return math.Abs(got/want - 1) }

// waiting is the expected integral of the age of the first unseen change of a
// source with this rate, t seconds after a poll.
func waiting(rate, t float64) float64 {
	return integral(func(s float64) float64 { return s * -math.Expm1(-rate*s) }, 0, t, 4000)
}

// exactly is what rates' cost approximates between tabulated times.
func exactly(r *rates, t float64) (sum float64) {
	for k, p := range r {
		sum += p * t * t * wait(rateOf(k)*t)
	}
	return sum
}

func TestWaitIsTheCostOfWaiting(t *testing.T) {
	for _, rate := range []float64{10, 1, 0.013, rateOf(octaves - 1)} {
		for x := 1e-7; x < 100; x *= 1.7 { // times between changes
			at := x / rate
			if got, want := at*at*wait(x), waiting(rate, at); off(got, want) > 1e-6 {
				t.Errorf("rate %v, %v s: %v, want %v", rate, at, got, want)
			}
		}
	}
}

// TestWaitIsSmoothNearZero compares the two ways in which it is reckoned, where
// they meet and where each is at its worst.
func TestWaitIsSmoothNearZero(t *testing.T) {
	series := func(x float64) float64 { return x/3 - x*x/8 + x*x*x/30 - x*x*x*x/144 }
	for x := 1e-300; x < 0.01; x *= 1.31 {
		if got := wait(x); off(got, series(x)) > 1e-6 {
			t.Errorf("wait(%v) = %v, want %v", x, got, series(x))
		}
	}
	for x, before := 1e-9, 0.0; x < 1e6; x *= 1.001 {
		if got := wait(x); got <= before && x < 1000 || got > 0.5 {
			t.Fatalf("wait(%v) = %v, after %v", x, got, before)
		}
		before = wait(x)
	}
	if got := wait(0); got != 0 {
		t.Errorf("wait(0) = %v", got)
	}
}

// someRates is a distribution that is narrow or wide.
func someRates(random *rand.Rand) *rates {
	r := around(fastest * math.Exp2(-float64(octaves)*random.Float64()))
	switch random.IntN(3) {
	case 0:
		r = rates{}
		r[random.IntN(octaves)] = 1
	case 1:
		r[random.IntN(octaves)] += 1
		r = r.normal()
	}
	return &r
}

func TestCostIsThatOfAllRatesThatMayBe(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		r := someRates(random)
		for place := range times {
			if got, want := r.cost(place), exactly(r, timeOf(place)); off(got, want) > 1e-9 {
				t.Fatalf("%v at %v s: %v, want %v", *r, timeOf(place), got, want)
			}
		}
	}
}

func TestUntilIsWhenWaitingHasCostSoMuch(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	for range 20_000 {
		r := someRates(random)
		cost := exactly(r, math.Exp2(29*random.Float64()-10))
		low, high := shortest, timeOf(times-1)
		for high > low*(1+1e-6) {
			if middle := math.Sqrt(low * high); exactly(r, middle) < cost {
				low = middle
			} else {
				high = middle
			}
		}
		got := r.until(cost, math.Exp2(40*random.Float64()-15))
		if worst = max(worst, off(got, low)); off(got, low) > 0.01 {
			t.Fatalf("%v, cost %v: %v s, want %v", *r, cost, got, low)
		}
	}
	t.Logf("off by %.4f at most", worst)
}

func TestUntilDoesNotDependOnTheGuess(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	guesses := []float64{0, 1e-300, shortest, 1, 1e5, 1e300, math.Inf(1), math.NaN(), -1, math.SmallestNonzeroFloat64}
	for range 1000 {
		r := someRates(random)
		cost := math.Exp2(60*random.Float64() - 30)
		want := r.until(cost, 1)
		for _, guess := range guesses {
			if got := r.until(cost, guess); got != want {
				t.Fatalf("%v, cost %v, guess %v: %v s, want %v", *r, cost, guess, got, want)
			}
		}
	}
}

// TestUntilStaysWithinTheTable wants neither an endless loop nor a time that is
// none, whatever the price.
func TestUntilStaysWithinTheTable(t *testing.T) {
	edges := []*rates{{0: 1}, {octaves - 1: 1}, {0: 0.5, octaves - 1: 0.5}, {octaves / 2: 1}}
	costs := []float64{0, math.SmallestNonzeroFloat64, 1e-30, 1e-9, 1, 1e20, math.MaxFloat64, math.Inf(1), math.NaN(), -1, math.Inf(-1)}
	last := timeOf(times - 1)
	for _, r := range edges {
		for _, cost := range costs {
			for _, guess := range []float64{0, shortest, 1, last, 1e9, math.Inf(1), math.NaN()} {
				e := expectation{from: 2, to: 3, period: 7, belief: 0.9}
				for _, got := range []float64{r.until(cost, guess), r.untilExpected(cost, guess, &e, 0)} {
					if !(got >= shortest*(1-1e-9) && got <= hedge*last) {
						t.Errorf("%v, cost %v, guess %v: %v s", *r, cost, guess, got)
					}
				}
			}
		}
		if got := r.until(0, 1); got != shortest {
			t.Errorf("for nothing: %v s", got)
		}
		if got := r.until(math.Inf(1), 1); off(got, last) > 1e-9 {
			t.Errorf("at any price: %v s", got)
		}
	}
}
