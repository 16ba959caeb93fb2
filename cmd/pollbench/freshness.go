package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// mostSubscribers is how many streams there are at most: a connection each, here and
// in pollmux.
const mostSubscribers = 2000

func newFreshness() *benchmark {
	var o bench.FreshnessOptions
	var from origin
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "freshness",
		Short: "How stale subscribers really are under a budget, against the simulation",
		Long: fmt.Sprintf(`freshness replays a trace of changes in real time: an origin changes when the trace says,
pollmux polls it under a budget with intervals that adapt, and each resource has as many
subscribers by SSE as it weighs, scaled down to whole numbers and %d in all. Staleness is
the age of the first change that a subscriber has not seen, until it has received that
one or a newer one: the mean over time and subscribers, and the p99. Beside it stands what
a simulation of the same trace comes to, the mean of %d with other random numbers; there
a poll takes no time.

The trace begins when the subscribers come. Neither in reality nor in the simulation the
first --warm of it counts: so much is for learning.

The exit code is 1 if a version came twice or went back, or the origin got more requests
than the budget; and with --bars, if there were more in any second (less 20 ms, and what
the origin was late to note one), if less than 99 %% of the budget was used, or if the
staleness is not within 10 %% of the simulation's.`, mostSubscribers, bench.Simulations),
		Example: `  pollbench freshness
  pollbench freshness --trace buses.json.gz --budget 2 --for 10m
  pollbench freshness --json testdata/bench/freshness.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (_ result, err error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("n", func() { from.generate.N = 10 })
			b.quickly("for", func() { o.For = 2 * time.Second })
			b.quickly("warm", func() { o.Warm = 3 * time.Second })
		}
		c.atLeast(1, "n", from.generate.N)
		c.check(o.Budget >= 1 && o.Budget <= 1e5, "budget", "1 to 100000 requests per second")
		c.lasting(time.Second, "for", o.For)
		c.lasting(time.Second, "warm", o.Warm)
		if err := c.err(); err != nil {
			return nil, err
		}
		if o.Trace, err = from.lasting(o.Warm+o.For, o.Seed, b.cmd.InOrStdin()); err != nil {
			return nil, &usageError{err.Error()}
		}
		o.Say = say
		return bench.Freshness(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.StringVar(&from.file, "trace", "", "`FILE` to replay, in place of what is made up")
	flags.StringVar(&from.kind, "generate", "lively", "`KIND` of trace to make up (schedule --help lists them)")
	flags.IntVar(&from.generate.N, "n", 200, "resources that are made up")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of what is made up, and of the simulation's randomness")
	flags.Float64Var(&o.Budget, "budget", 50, "requests per second")
	flags.DurationVar(&o.Warm, "warm", 20*time.Second, "time at the beginning that does not count")
	flags.DurationVar(&o.For, "for", time.Minute, "time that counts")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	return b
}

// lasting is the trace for so long, with as many subscribers as there can be.
func (o *origin) lasting(d time.Duration, seed uint64, stdin io.Reader) (*trace.Trace, error) {
	o.generate.Seed, o.generate.Horizon = seed, d
	t, err := o.trace(stdin)
	if err != nil {
		return nil, err
	}
	if t, err = t.Until(d.Seconds()); err != nil {
		return nil, fmt.Errorf("--for: %w", err)
	}
	if t, err = t.WithSubscribers(mostSubscribers); err != nil {
		return nil, fmt.Errorf("--n: %w", err)
	}
	return t, nil
}
