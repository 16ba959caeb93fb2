package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newHerd() *benchmark {
	var o bench.HerdOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "herd",
		Short: "Thousands of long polls answered and held again once a second, against nchan and SSE",
		Long: `herd holds long polls of one resource, which changes at a pace whether or not everybody
has heard of the change before, and lets each client ask again as soon as it has its
answer. The servers take turns: pollmux, nchan if it is installed, and pollmux with as
many subscribers by SSE, for the delay.

CPU per client and cycle is the CPU time of the server's processes (the kernel's clock of
each), from before the first change of a turn until it has nothing to do any more, by the
answers: the poll of the origin, the answer, and the next request, which is held again.
p99 is from the instant of publication, which the message itself says, until 99 % of the
clients have read it: the median of the cycles of a turn; medians of the turns are told. A client asks
again when nothing is left to read, so what asking costs is not in the delay.

The exit code is 1 if somebody was dropped, got a version twice or an older one, or did
not end with the last one, if a cycle takes longer than --every, if memory grew; and with
--bars, if the CPU time is above nchan's or the p99 above 1.5 × that of SSE.

It takes about twice --for.`,
		Example: `  pollbench herd
  pollbench herd --n 1000 --for 10s
  pollbench herd --pollmux ./pollbench-of-a-branch
  pollbench herd --json testdata/bench/herd.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("n", func() { o.N = 300 })
			b.quickly("for", func() { o.For, o.Every, o.Rounds = 4*time.Second, 200*time.Millisecond, 2 })
		}
		c.atLeast(1, "n", o.N)
		c.atLeast(1, "rounds", o.Rounds)
		c.atLeast(200, "body", o.Body)
		c.lasting(100*time.Millisecond, "every", o.Every)
		c.lasting(o.Every, "for", o.For)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Herd(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.N, "n", 10_000, "held long polls")
	flags.DurationVar(&o.For, "for", time.Minute, "time of pollmux under the herd; the others take turns in addition")
	flags.DurationVar(&o.Every, "every", time.Second, "time between two changes")
	flags.IntVar(&o.Rounds, "rounds", 5, "turns that each server gets")
	flags.IntVar(&o.Body, "body", 1024, "`BYTES` of the resource")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	addPollmuxFlag(b.cmd, &o.Others)
	return b
}
