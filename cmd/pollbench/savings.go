package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newSavings() *benchmark {
	var o bench.SavingsOptions
	b := newBenchmark(&cobra.Command{
		Use:   "savings",
		Short: "Upstream requests with pollmux and without, with a verdict",
		Long: `savings plays three loads, each once through pollmux and once without, and has the
origin count: clients that poll at a pace, clients that all poll for the first time at
once, and the same with a cache buster. The exit code is 1 if pollmux sent more than
one request per interval, or more than one for the latter two.`,
		Example: `  pollbench savings
  pollbench savings --clients 1000 --every 100ms --for 10s --interval 1s
  pollbench savings --json testdata/bench/savings.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(1, "clients", o.Clients)
		c.atLeast(1, "first", o.First)
		c.lasting(time.Millisecond, "every", o.Every)
		c.lasting(10*time.Millisecond, "interval", o.Interval)
		c.lasting(o.Interval, "for", o.For)
		c.lasting(0, "latency", o.Latency)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Savings(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Clients, "clients", 200, "clients that poll at a pace")
	flags.DurationVar(&o.Every, "every", 50*time.Millisecond, "pace of each of them")
	flags.DurationVar(&o.For, "for", 3*time.Second, "time for which they do")
	flags.DurationVar(&o.Interval, "interval", 200*time.Millisecond, "interval of the route")
	flags.IntVar(&o.First, "first", 100, "clients that poll for the first time, at once")
	flags.DurationVar(&o.Latency, "latency", 300*time.Millisecond, "time that the origin takes for them")
	return b
}
