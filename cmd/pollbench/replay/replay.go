package replay

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// maxPolls bounds a policy's part of a replay, to some minutes.
const maxPolls = 1e9

// ErrBudget is a budget that nobody could wait for.
var ErrBudget = errors.New("too many polls")

// Options are those of Run.
type Options struct {
	Budget float64 // requests per second
	Seed   uint64
}

// Run replays a trace to each policy, which takes some tenths of a second per
// million polls, and fails when ctx ends.
func Run(ctx context.Context, t *trace.Trace, o Options) (*Result, error) {
	if polls := o.Budget * t.Horizon; !(polls <= maxPolls) {
		return nil, fmt.Errorf("%w: %v requests/s for %v s are %.1e, more than %.0e", ErrBudget, o.Budget, t.Horizon, polls, maxPolls)
	}
	r := &Result{Trace: t.Name, Budget: o.Budget}
	for _, c := range contenders() {
		outcome, err := play(ctx, t, c.enter(newSetting(t, o, c.name)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		r.Policies = append(r.Policies, Policy{c.name, outcome})
	}
	return r, nil
}

// Price replays a trace to price polling alone, and leaves out what is before an
// instant, in seconds: the policy is learning then. It fails when ctx ends.
func Price(ctx context.Context, t *trace.Trace, from float64, o Options) (Outcome, error) {
	return playFrom(ctx, t, from, newPrice(newSetting(t, o, "price")))
}

// contender is a policy by its name.
type contender struct {
	name  string
	enter func(setting) policy
}

// The names that other code speaks of.
const (
	uniform = "uniform" // what all are compared with, and first
	oracle  = "oracle"
)

// contenders are all of them, in the order in which they are told.
func contenders() []contender {
	return []contender{
		{uniform, newUniform},
		{"sqrt_weight", newSqrtWeight},
		{"aimd", newAIMD},
		{"aimd_weighted", newWeightedAIMD},
		{"adaptive_ttl", newAdaptiveTTL},
		{oracle, newOracle},
		{"price", newPrice},
	}
}

// setting is what a policy knows beforehand.
type setting struct {
	weights []float64 // of the resources
	budget  float64   // requests per second
	random  *rand.Rand

	rates []float64 // the true mean ones, changes per second: for the oracle alone
}

// newSetting gives each policy random numbers of its own, by its name.
func newSetting(t *trace.Trace, o Options, name string) setting {
	own := fnv.New64a()
	_, _ = own.Write([]byte(name)) // hashes don't fail
	s := setting{budget: o.Budget, random: rand.New(rand.NewPCG(o.Seed, own.Sum64()))}
	for _, r := range t.Resources {
		s.weights = append(s.weights, r.Weight)
		s.rates = append(s.rates, max(float64(len(r.Changes)), 0.5)/t.Horizon)
	}
	return s
}

// even is the interval at which the budget is spent evenly, in seconds.
func (s setting) even() float64 { return float64(len(s.weights)) / s.budget }
