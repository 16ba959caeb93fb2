package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newUpgrade() *benchmark {
	var o bench.UpgradeOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "upgrade",
		Short: "Requests while the binary is replaced, with a verdict",
		Long: `upgrade starts pollmux itself and replaces it by SIGUSR2, again and again, while clients
read and write: some connect anew for each request, others keep their connection until an
answer says that it was the last one. No client sends a request twice.

The exit code is 1 if a single connection is refused or reset, or a single request is not
answered with 200.`,
		Example: `  pollbench upgrade
  pollbench upgrade --times 3 --fresh 4 --kept 100 --think 200ms
  pollbench upgrade --binary ./pollmux`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			b.quickly("times", func() { o.Times = 2 })
		}
		c.atLeast(1, "times", o.Times)
		c.atLeast(1, "fresh", o.Fresh)
		c.atLeast(1, "kept", o.Kept)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Upgrade(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Times, "times", 10, "how often pollmux is replaced")
	flags.IntVar(&o.Fresh, "fresh", 16, "clients that connect anew for each request")
	flags.IntVar(&o.Kept, "kept", 64, "clients that keep their connection")
	flags.DurationVar(&o.Think, "think", 50*time.Millisecond, "the longest pause of a client that keeps its connection")
	flags.StringVar(&o.Binary, "binary", "", "the `PROGRAM` to start; default: pollmux, built from these sources")
	flags.BoolVar(&quick, "quick", false, "a small and short run")
	return b
}
