package schedule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// landing is when and how a poll ends.
type landing struct {
	it   *Item
	at   time.Time
	took time.Duration
}

// loop polls whatever there is time for from an origin that takes so many seconds to
// answer what it is asked then. It returns how many polls a second that was, and how
// many were under way at most.
func loop(budget, horizon float64, seed uint64, answers func(random *rand.Rand, at float64) float64) (rate float64, most int) {
	random := rand.New(rand.NewPCG(seed, 11))
	p := NewPacer(budget, random.Float64)
	for range int(20 * budget) {
		p.Schedule(p.Item(nil, unbound), 1, epoch, false, epoch)
	}
	polls, flying := 0, []landing(nil)
	for now := epoch; now.Before(after(horizon)); {
		it, at := p.Next(now)
		if it != nil {
			took := duration(answers(random, now.Sub(epoch).Seconds()))
			polls, flying = polls+1, append(flying, landing{it, now.Add(took), took})
			most = max(most, len(flying))
			continue
		}
		for _, f := range flying {
			if at.IsZero() || f.at.Before(at) {
				at = f.at
			}
		}
		now = at
		flying = slices.DeleteFunc(flying, func(f landing) bool {
			if f.at.After(now) {
				return false
			}
			p.Landed(f.it, Outcome{Known: true, Took: f.took}, now)
			return true
		})
	}
	return float64(polls) / horizon, most
}

// TestAnOriginThatHasTooMuchToDoIsNotBuriedInRequests has one answer 100 a second,
// one after the other, and then 20, where the budget is 50.
func TestAnOriginThatHasTooMuchToDoIsNotBuriedInRequests(t *testing.T) {
	skipRacing(t)
	for good, bound := range map[float64]int{0: 250, 200: 100} {
		free := 0.0 // when it begins with the next request
		rate, most := loop(perSecond, 1800, 1, func(random *rand.Rand, at float64) float64 {
			each := random.ExpFloat64() / 20
			if at < good {
				each /= 5
			}
			free = max(free, at) + each
			return free + 0.05 - at
		})
		if most > bound || rate < 19 {
			t.Errorf("well for %v s: %.1f a second, %d at once", good, rate, most)
		}
	}
}

// TestAnOriginThatIsSlowByNatureIsAskedMoreAtOnce wants the budget to be used up
// again some time after answers have begun to take longer, if it is not polls that
// make them.
func TestAnOriginThatIsSlowByNatureIsAskedMoreAtOnce(t *testing.T) {
	for seed := range uint64(3) {
		rate, _ := loop(perSecond, 600, seed, func(random *rand.Rand, at float64) float64 {
			if at < 100 {
				return 0.1
			}
			return 0.8 * math.Exp(0.5*random.NormFloat64())
		})
		if rate < 0.8*perSecond {
			t.Errorf("seed %d: %.1f a second of %v", seed, rate, perSecond)
		}
	}
}

// TestWhatAnswersTakeDoesNotKeepTheBudgetFromBeingUsedUp while it is what they
// usually take.
func TestWhatAnswersTakeDoesNotKeepTheBudgetFromBeingUsedUp(t *testing.T) {
	skipRacing(t)
	lognormal := func(median, sigma float64) func(*rand.Rand, float64) float64 {
		return func(random *rand.Rand, _ float64) float64 { return median * math.Exp(sigma*random.NormFloat64()) }
	}
	few := func(median, factor float64) func(*rand.Rand, float64) float64 {
		return func(random *rand.Rand, _ float64) float64 {
			if random.IntN(20) == 0 {
				return median * factor
			}
			return median
		}
	}
	for name, c := range map[string]struct {
		budget  float64
		answers func(*rand.Rand, float64) float64
		least   float64
	}{
		"fast":                                 {50, lognormal(0.01, 0.2), 0.99},
		"slow":                                 {50, lognormal(1, 0.2), 0.97},
		"uneven":                               {50, lognormal(0.1, 1), 0.98},
		"slow and uneven":                      {50, lognormal(1, 1), 0.96},
		"very uneven":                          {50, lognormal(0.1, 1.5), 0.98},
		"one in twenty a thousand times":       {50, few(0.01, 1000), 0.95},
		"one in twenty a thousand times, slow": {50, few(0.1, 1000), 0.98},
		"little budget, slow and very uneven":  {5, lognormal(1, 1.5), 0.98},
	} {
		for seed := range uint64(3) {
			rate, _ := loop(c.budget, 200, seed, c.answers)
			if used := rate / c.budget; used < c.least || used > 1 {
				t.Errorf("%s, seed %d: %.3f of the budget", name, seed, used)
			}
		}
	}
}
