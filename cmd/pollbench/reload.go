package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func newReload() *benchmark {
	var o bench.ReloadOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "reload",
		Short: "A configuration that changes again and again, under load, with a verdict",
		Long: `reload starts pollmux itself, has it hold clients by streams and WebSockets, polls it, and
puts another file in the place of its configuration, again and again. Every other file is
broken.

The exit code is 1 if a poll is not answered with 200, if a client that is held is dropped,
if a good file is not taken or a broken one is not refused, or if goroutines, descriptors or
memory grow.`,
		Example: `  pollbench reload
  pollbench reload --times 20 --n 200 --rate 500
  pollbench reload --binary ./pollmux`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			b.quickly("times", func() { o.Times = 20 })
			b.quickly("n", func() { o.N = 100 })
			b.quickly("rate", func() { o.Rate = 500 })
		}
		c.atLeast(10, "times", o.Times)
		c.atLeast(1, "n", o.N)
		c.atLeast(200, "rate", o.Rate)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Kinds = []load.Kind{load.SSE, load.NDJSON, load.Multipart, load.WebSocket}
		o.Say = say
		return bench.Reload(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Times, "times", 100, "how often the file changes; every other time it is broken")
	flags.IntVar(&o.N, "n", 1000, "held clients")
	flags.IntVar(&o.Rate, "rate", 2000, "polls a second, by 200 clients")
	flags.StringVar(&o.Binary, "binary", "", "the `PROGRAM` to start; default: pollmux, built from these sources")
	flags.BoolVar(&quick, "quick", false, "a small and short run")
	return b
}
