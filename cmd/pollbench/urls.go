package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newURLs() *benchmark {
	var o bench.URLsOptions
	b := newBenchmark(&cobra.Command{
		Use:   "urls",
		Short: "A million different URLs, and subscribers meanwhile, with a verdict",
		Long: `urls polls one URL after the other, all of them different, as fast as they are
answered, while other resources have subscribers of every kind. The exit code is 1 if
memory grows beyond what limits.feeds and limits.snapshots allow, if a subscriber is
dropped or hears of changes late, if a poll is not answered, or if the origin gets more
requests at any time than the clients alone would have sent, up to three intervals after
the last URL.

The bound on memory is what there was before, and twice (for garbage) the snapshots that
limits.snapshots allows and 16 KiB for each feed of limits.feeds.`,
		Example: `  pollbench urls
  pollbench urls --count 50000
  pollbench urls --clients 256 --addresses 16 --body 500`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(1, "count", o.Count)
		c.atLeast(1, "clients", o.Clients)
		c.check(o.Addresses >= 1 && o.Addresses <= 254, "addresses", "1 to 254")
		c.lasting(10*time.Millisecond, "interval", o.Interval)
		c.atLeast(0, "body", o.Body)
		c.lasting(0, "allow", o.Allow)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.URLs(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Count, "count", 1_000_000, "URLs, each polled once")
	flags.IntVar(&o.Clients, "clients", 64, "connections that poll them")
	flags.IntVar(&o.Addresses, "addresses", 4, "addresses of the loopback network that they come from")
	flags.DurationVar(&o.Interval, "interval", time.Second, "interval of the route")
	flags.IntVar(&o.Body, "body", 2000, "`BYTES` of each answer")
	flags.DurationVar(&o.Allow, "allow", time.Second, "how much later than the interval a change may be heard of")
	return b
}
