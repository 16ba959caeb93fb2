package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newChurn() *benchmark {
	var o bench.ChurnOptions
	var kinds []string
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "churn",
		Short: "Clients that come and go a thousand times a second, and what is left of them, with a verdict",
		Long: `churn lets clients of all transports come and go at a pace. Each stays for half a second,
some for a moment only. They go with a FIN or with a reset, in the middle of a stream, or
after the first half of the request or the WebSocket handshake.

Before the first client, after a warm-up of a fifth of the time, and after the rest, once
pollmux is as before or has had 40 seconds for that, its subscribers (as /api/stats has
them), goroutines, descriptors and memory are measured. The exit code is 1 if a subscriber
is left, if there are more goroutines or descriptors than before the first (but 4 and 2),
if memory has grown since the warm-up by more than 5 % or a few MiB, if somebody was dropped
while he stayed, or if the load did not keep its pace.`,
		Example: `  pollbench churn
  pollbench churn --rate 200 --for 10s --kinds websocket
  pollbench churn --json testdata/bench/churn.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			b.quickly("rate", func() { o.Rate = 200 })
			b.quickly("for", func() { o.For = 3 * time.Second })
		}
		c.atLeast(1, "rate", o.Rate)
		c.lasting(time.Second, "for", o.For)
		o.Kinds = c.kinds(kinds)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Churn(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Rate, "rate", 1000, "clients that come per second, of all transports together")
	flags.DurationVar(&o.For, "for", time.Minute, "time of coming and going, after the warm-up")
	addKindsFlag(b.cmd, &kinds)
	flags.BoolVar(&quick, "quick", false, "a small and short run")
	return b
}
