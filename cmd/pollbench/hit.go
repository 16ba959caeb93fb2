package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newHit() *benchmark {
	var o bench.HitOptions
	b := newBenchmark(&cobra.Command{
		Use:   "hit",
		Short: "CPU time of a snapshot hit, against a bare handler, nginx and Varnish",
		Long: `hit polls one resource, of which pollmux has a fresh snapshot, from many connections
without a pause, and divides the CPU time of the server's processes by the answers.
The reference is a bare fasthttp handler with the same fields and body. nginx
(proxy_cache) and Varnish are measured as well if they are installed. The servers
take turns, round by round; the ratio is the median of the rounds'.`,
		Example: `  pollbench hit
  pollbench hit --clients 256 --body 20000
  pollbench hit --json testdata/bench/hit.json
  pollbench hit --profile hit.pprof && go tool pprof -top hit.pprof`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		c.atLeast(1, "clients", o.Clients)
		c.atLeast(1, "rounds", o.Rounds)
		c.atLeast(0, "body", o.Body)
		c.lasting(time.Millisecond, "for", o.For)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Hit(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Clients, "clients", 64, "connections that poll at the same time")
	flags.DurationVar(&o.For, "for", time.Second, "time for one server in one round")
	flags.IntVar(&o.Rounds, "rounds", 7, "turns that each server gets")
	flags.IntVar(&o.Body, "body", 500, "`BYTES` of the snapshot")
	flags.StringVar(&o.Profile, profileFlag, "", "`FILE` for a CPU profile of pollmux, from an extra round")
	return b
}
