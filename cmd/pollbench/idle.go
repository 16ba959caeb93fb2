package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newIdle() *benchmark {
	var o bench.IdleOptions
	var kinds []string
	b := newBenchmark(&cobra.Command{
		Use:   "idle",
		Short: "Memory per idle subscriber, by transport",
		Long: `idle connects subscribers of one kind after the other, each kind to a proxy of its
own, to a resource that does not change, and measures the proxy's memory with a
quarter of them and with all. The difference, divided, is what one more costs. The
references are a server that only accepts connections, one that has a goroutine wait
for each, and a fasthttp handler with a stream.`,
		Example: `  pollbench idle
  pollbench idle --n 2000 --kinds sse,websocket
  pollbench idle --json testdata/bench/idle.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(4, "n", o.N)
		if err := c.err(); err != nil {
			return nil, err
		}
		var err error
		if o.Kinds, err = kindsOf(kinds); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Idle(ctx, o)
	}
	b.cmd.Flags().IntVar(&o.N, "n", 10_000, "subscribers of each kind")
	addKindsFlag(b.cmd, &kinds)
	return b
}
