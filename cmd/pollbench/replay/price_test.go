package replay

import (
	"math"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

func TestTheWorthOfAPollIsInvertedAtAllMagnitudes(t *testing.T) {
	for x := 1e-9; x < 1e9; x *= 1.7 {
		if got := inverse(worth(x)); math.Abs(got/x-1) > 1e-6 {
			t.Errorf("%v instead of %v", got, x)
		}
	}
}

func TestTheWorthOfAPollIsSmoothWhereItIsASeries(t *testing.T) {
	below, above := worth(math.Nextafter(0.01, 0)), worth(0.01)
	if math.Abs(below/above-1) > 1e-6 {
		t.Error(below, above)
	}
}

// gathered is the staleness of one subscriber over an interval in which x random
// changes come in the mean, in units of the time between two of them.
func gathered(x float64) float64 { return x*x/2 - x - math.Expm1(-x) }

func TestTheWorthOfAPollIsTheStalenessThatItSaves(t *testing.T) {
	for _, x := range []float64{0.1, 1, 5, 30} {
		rate, more := 1/x, 1e-6/x // of polls
		saved := rate*gathered(1/rate) - (rate+more)*gathered(1/(rate+more))
		if got := worth(x) * more; math.Abs(saved/got-1) > 1e-4 {
			t.Errorf("%v: %v, not %v", x, got, saved)
		}
	}
}

func TestTheReferenceSpendsTheBudgetAtOnePrice(t *testing.T) {
	s := newSetting(made(t, "mixed"), Options{Budget: 5}, oracle)
	sum, price := 0.0, 0.0
	for i, interval := range priced(s) {
		sum += 1 / interval
		worth := s.weights[i] / (s.rates[i] * s.rates[i]) * worth(s.rates[i]*interval)
		if i == 0 {
			price = worth
		}
		if math.Abs(worth/price-1) > 1e-6 {
			t.Errorf("resource %d is polled at %v, not %v", i, worth, price)
		}
	}
	if math.Abs(sum/5-1) > 1e-6 {
		t.Errorf("%v requests/s", sum)
	}
}

// The simulation finds what can be calculated, but for what the limits of a real
// schedule cost: none waits for three times the even interval, and the budget is used
// up to within half a percent.
func TestTheOracleLeavesAsStaleAsItExpects(t *testing.T) {
	story, err := trace.Generate("poisson", trace.Options{Seed: 2, N: 300})
	if err != nil {
		t.Fatal(err)
	}
	s := newSetting(story, Options{Budget: 15}, oracle)
	sum, weight := 0.0, 0.0
	for i, interval := range priced(s) {
		sum += s.weights[i] / (s.rates[i] * s.rates[i]) * gathered(s.rates[i]*interval) / interval
		weight += s.weights[i]
	}
	if got, want := replayed(t, story, 15)[oracle].Staleness, sum/weight; got < 0.99*want || got > 1.04*want {
		t.Errorf("%v s, not %v", got, want)
	}
}
