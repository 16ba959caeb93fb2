package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newSoak() *benchmark {
	var o bench.SoakOptions
	b := newBenchmark(&cobra.Command{
		Use:   "soak",
		Short: "Clients of all sorts and an origin that breaks, and what is left of it, with a verdict",
		Long: `soak puts pollmux in front of an origin that resets, hangs, drips, sends garbage, too
much, too little, two answers and every kind of failure, on each path another one at a
time, and goes down altogether now and then. Clients of every transport and of many
identities come and go: they poll, are held, stop reading, vanish without a word, send
numbered writes and messages, cut uploads, dribble their requests and flood.

A fifth of the time is a warm-up. After it, and after the rest, faults end, everybody
leaves, and once pollmux has nothing left to do its goroutines, descriptors and memory
are measured. The exit code is 1 if any of these has grown by more than 5 % (memory of a run
shorter than 5m by more than a few MiB), if anybody
was told what is another's or older than what they had, if a write was lost or
repeated, if the origin got more requests than the clients alone would have sent, or if
pollmux was slow to recover.

It takes up to three minutes longer than --for: what may not be shared is remembered for
one, and pollmux has to be done with all of it twice.`,
		Example: `  pollbench soak
  pollbench soak --for 30s
  pollbench soak --for 1h --clients 400`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(8, "clients", o.Clients)
		c.lasting(time.Second, "for", o.For)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Soak(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.DurationVar(&o.For, "for", 10*time.Minute, "time under load, the warm-up included")
	flags.IntVar(&o.Clients, "clients", 120, "clients that come and go, at a time")
	return b
}
