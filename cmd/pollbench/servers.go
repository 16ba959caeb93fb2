package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newServers() *benchmark {
	var o bench.ServersOptions
	b := newBenchmark(&cobra.Command{
		Use:   "servers",
		Short: "Servers of an upstream that die and come back under load, with a verdict",
		Long: `servers puts pollmux in front of several servers of one upstream, and kills and revives
them, one after the other, while clients poll 50 feeds and write without a pause. No
answer is served once it is older than the interval, so that a poll that fails is seen.

The exit code is 1 if any poll failed, if a write came to servers twice or was lost
although it was answered 2xx, if more writes failed than were under way when a server
was killed, or if a server that was revived got no request any more.`,
		Example: `  pollbench servers
  pollbench servers --servers 2 --kills 10 --pollers 500`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(2, "servers", o.Servers)
		c.atLeast(1, "kills", o.Kills)
		c.atLeast(1, "pollers", o.Pollers)
		c.atLeast(1, "writers", o.Writers)
		c.lasting(100*time.Millisecond, "down", o.Down)
		c.lasting(2*time.Second, "up", o.Up)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Servers(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Servers, "servers", 3, "servers of the upstream")
	flags.IntVar(&o.Kills, "kills", 6, "times that one of them is killed, and revived")
	flags.DurationVar(&o.Down, "down", 2*time.Second, "time for which it is gone")
	flags.DurationVar(&o.Up, "up", 4*time.Second, "time for which all are there, before and after")
	flags.IntVar(&o.Pollers, "pollers", 200, "clients that poll, ten times a second each")
	flags.IntVar(&o.Writers, "writers", 8, "clients that write")
	return b
}
