package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newPoll() *benchmark {
	var o bench.PollOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "poll",
		Short: "CPU time of a poll answered from a snapshot, against a bare handler, nginx, Varnish and HAProxy",
		Long: `poll asks for one resource, of which pollmux has a fresh snapshot, from many connections
without a pause, and divides the CPU time of the server's processes (the kernel's clock
of each) by the answers: 200 with the body, and 304 to clients that have it. The
reference is a bare fasthttp handler with the same fields and body. nginx (proxy_cache),
Varnish and HAProxy (cache) are measured as well if they are installed. The clients are
on other cores than the servers, who take turns, round by round; the ratio is the median
of the rounds'.

The exit code is 1 if an answer was not a hit; and with --bars, if the CPU time is above
1.15 × the bare handler's or above 0.7 × nginx's, or if a 304 is dearer than a 200.`,
		Example: `  pollbench poll
  pollbench poll --clients 256 --body 20000
  pollbench poll --json testdata/bench/poll.json
  pollbench poll --pollmux ./pollbench-of-a-branch
  pollbench poll --profile poll.pprof && go tool pprof -top poll.pprof`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("for", func() { o.For = 100 * time.Millisecond })
			b.quickly("rounds", func() { o.Rounds = 2 })
		}
		c.atLeast(1, "clients", o.Clients)
		c.atLeast(1, "rounds", o.Rounds)
		c.atLeast(0, "body", o.Body)
		c.lasting(time.Millisecond, "for", o.For)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Poll(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Clients, "clients", 64, "connections that poll at the same time")
	flags.DurationVar(&o.For, "for", time.Second, "time for one server in one round")
	flags.IntVar(&o.Rounds, "rounds", 7, "turns that each server gets")
	flags.IntVar(&o.Body, "body", 500, "`BYTES` of the snapshot")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	addPollmuxFlag(b.cmd, &o.Others)
	flags.StringVar(&o.Profile, profileFlag, "", "`FILE` for a CPU profile of pollmux, from an extra round")
	return b
}
