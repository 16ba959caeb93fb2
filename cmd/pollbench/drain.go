package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newDrain() *benchmark {
	var o bench.DrainOptions
	var kinds []string
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "drain",
		Short: "Thousands of held clients when pollmux stops, and how each is sent away, with a verdict",
		Long: `drain starts pollmux itself, has it hold clients of all transports, and sends it SIGTERM.

The exit code is 1 unless all of them are told (a retry: and the end of an event stream,
the end of another stream, an answer with Connection: close, a Close with 1012), none is
cut in the middle of a message, the goodbyes are spread over the drain rather than all at
once, and pollmux ends with exit code 0 within drain_timeout.`,
		Example: `  pollbench drain
  pollbench drain --n 500 --drain-timeout 4s
  pollbench drain --kinds sse --binary ./pollmux`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			b.quickly("n", func() { o.N = 300 })
			b.quickly("drain-timeout", func() { o.Timeout = 2 * time.Second })
		}
		c.atLeast(1, "n", o.N)
		c.lasting(time.Second, "drain-timeout", o.Timeout)
		o.Kinds = c.kinds(kinds)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Drain(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.N, "n", 5000, "held clients, of all transports together")
	flags.DurationVar(&o.Timeout, "drain-timeout", 20*time.Second, "drain_timeout of pollmux")
	flags.StringVar(&o.Binary, "binary", "", "the `PROGRAM` to start; default: pollmux, built from these sources")
	addKindsFlag(b.cmd, &kinds)
	flags.BoolVar(&quick, "quick", false, "a small and short run")
	return b
}
