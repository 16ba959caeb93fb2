package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newSubscribers() *benchmark {
	var o bench.SubscribersOptions
	var kinds []string
	b := newBenchmark(&cobra.Command{
		Use:   "subscribers",
		Short: "Thousands of held clients on one feed, with a verdict",
		Long: `subscribers connects clients of every kind to one feed, lets the origin change, at
times faster than it is polled, and ends with a verdict: whether everybody has the
last version and nobody was dropped, whether the origin got one request per interval,
how late changes came, and whether memory stayed flat. The CPU time per message is
compared with that of a bare loop that writes as many bytes to as many sockets, in
the middle and at the end of the same run. The exit code is 1 if the verdict is bad.

It takes about half as long again as --for, and two connections per subscriber.`,
		Example: `  pollbench subscribers
  pollbench subscribers --each 100 --for 10s
  pollbench subscribers --kinds sse,websocket --each 4000
  pollbench subscribers --json testdata/bench/subscribers.json
  pollbench subscribers --kinds longpoll --profile held.pprof && go tool pprof -top held.pprof`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(1, "each", o.Each)
		c.lasting(10*time.Millisecond, "interval", o.Interval)
		c.lasting(8*o.Interval, "for", o.For)
		c.atLeast(0, "body", o.Body)
		c.lasting(0, "allow", o.Allow)
		if err := c.err(); err != nil {
			return nil, err
		}
		var err error
		if o.Kinds, err = kindsOf(kinds); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Subscribers(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Each, "each", 1000, "subscribers of each kind")
	addKindsFlag(b.cmd, &kinds)
	flags.DurationVar(&o.For, "for", time.Minute, "time in which the origin changes, at least eight intervals")
	flags.DurationVar(&o.Interval, "interval", time.Second, "interval of the route")
	flags.IntVar(&o.Body, "body", 500, "`BYTES` of the resource")
	flags.DurationVar(&o.Allow, "allow", time.Second, "how much later than the interval a change may be heard of")
	flags.StringVar(&o.Profile, profileFlag, "", "`FILE` for a CPU profile of pollmux, from half as long again")
	return b
}
