package schedule

import (
	"math/rand/v2"
	"testing"
)

// TestPollsGoWhereTheyAreWorthMost compares how stale clients are to schedules that
// anybody would think of first, at as many polls.
func TestPollsGoWhereTheyAreWorthMost(t *testing.T) {
	for _, c := range less([]struct {
		name   string
		world  func(n int, horizon float64, random *rand.Rand) []*source
		tells  func(changed, polled float64) Instant
		budget float64
		other  func(sources []*source, budget, from, horizon float64) *staleness
		most   float64 // times as stale as with the other
	}{
		{"poisson", poissons, nil, 10, inTurn, 0.4},
		{"poisson, by weight", poissons, nil, 10, byWeight, 0.65},
		{"poisson, who tell", poissons, honest, 10, inTurn, 0.4},
		{"sleepers, by weight", sleepers, nil, 10, byWeight, 0.55},
		{"sleepers, little budget, by weight", sleepers, nil, 2, byWeight, 0.85},
		{"periodic, who tell", periodic, honest, 10, inTurn, 0.15},
	}...) {
		const n, from, horizon = 100, 600, 2400
		for _, seed := range less[uint64](1, 2) {
			sources := tell(c.world(n, horizon, rand.New(rand.NewPCG(seed, 8))), c.tells)
			other := c.other(sources, c.budget, from, horizon).mean()
			s := play(sources, c.budget, from, horizon, unbound, seed)
			polls := float64(s.polls) / c.budget / horizon
			if ratio := s.mean() / other; ratio > c.most {
				t.Errorf("%s, seed %d: %.3f times as stale", c.name, seed, ratio)
			}
			if polls > 1 || polls < 0.99 {
				t.Errorf("%s, seed %d: %.4f of the budget is used", c.name, seed, polls)
			}
		}
	}
}

// less is the first of many things to try, where each takes long.
func less[T any](all ...T) []T {
	if racing {
		return all[:1]
	}
	return all
}
