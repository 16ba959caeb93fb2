package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newIdle() *benchmark {
	var o bench.IdleOptions
	var kinds []string
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "idle",
		Short: "Memory per idle subscriber, by transport, and the CPU time of an idle feed",
		Long: `idle connects subscribers of one kind after the other, each kind to a server of its own,
to a resource that does not change, and measures the memory of the server's processes
with none of them, with all, and between: resident memory without the program's file, what
processes share counted once (Pss_Anon and Pss_Shmem), after garbage was collected and free memory given back. What one more costs
is the slope of a least-squares line. The kernel's memory for a socket is not in it. The
references are a server that only accepts connections, one that has a goroutine wait for
each, a fasthttp handler with a stream, and nchan if it is installed.

Then --feed subscribers listen to a feed on which nothing happens, with pollmux's own
settings: it is polled once a second, streams get a sign of life every 15 seconds and
WebSockets a ping every 30. Its CPU time is told in percent of a core.

The exit code is 1 with --bars, if an idle stream takes more than 2 KiB, a WebSocket or a
long poll more than 3, or an idle feed 1 % of a core.`,
		Example: `  pollbench idle
  pollbench idle --n 2000 --kinds sse,websocket
  pollbench idle --pollmux ./pollbench-of-a-branch
  pollbench idle --json testdata/bench/idle.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("n", func() { o.N = 600 })
			b.quickly("points", func() { o.Points = 3 })
			b.quickly("feed", func() { o.Feed = 300 })
			b.quickly("for", func() { o.For = time.Second })
		}
		c.atLeast(4, "n", o.N)
		c.atLeast(2, "points", o.Points)
		c.atLeast(0, "feed", o.Feed)
		c.lasting(100*time.Millisecond, "for", o.For)
		o.Kinds = c.kinds(kinds)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Idle(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.N, "n", 15_000, "subscribers of each kind")
	flags.IntVar(&o.Points, "points", 5, "sizes up to that at which memory is measured")
	addKindsFlag(b.cmd, &kinds)
	flags.IntVar(&o.Feed, "feed", 10_000, "subscribers of an idle feed; 0: do not measure that")
	flags.DurationVar(&o.For, "for", 30*time.Second, "time without an event on it")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	addPollmuxFlag(b.cmd, &o.Others)
	return b
}
