package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newPass() *benchmark {
	var o bench.PassOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "pass",
		Short: "CPU time of a passed request, and of bulk both ways, against nginx and others",
		Long: `pass sends requests that pollmux passes through (mode: pass): small GETs from many
connections, then large downloads and uploads from a few. It divides the CPU time of
the server's processes by the answers, or by the MiB moved. The references are nginx
(proxy_pass, keep-alive to the origin, nothing buffered in files), if it is installed,
the same nginx with the forwarding fields that pollmux sends ("nginx, X-Forwarded"),
and "bare", a fasthttp handler that does nothing but call fasthttp's client. Varnish
(pass) and HAProxy are measured as well if they are installed. "direct" is the origin itself, whose
CPU time is not in the others'. The clients and the origin are on other cores
than the servers, who take turns, round by round; the ratio is the median of the rounds'.

The exit code is 1 with --bars, if the CPU time is above nginx's.`,
		Example: `  pollbench pass
  pollbench pass --bulk 256 --streams 8
  pollbench pass --pollmux ./pollbench-of-a-branch
  pollbench pass --json testdata/bench/pass.json
  pollbench pass --profile pass.pprof && go tool pprof -top pass.pprof`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("for", func() { o.For = 100 * time.Millisecond })
			b.quickly("rounds", func() { o.Rounds = 2 })
			b.quickly("bulk", func() { o.Bulk = 4 })
		}
		c.atLeast(1, "clients", o.Clients)
		c.atLeast(1, "rounds", o.Rounds)
		c.atLeast(0, "body", o.Body)
		c.atLeast(1, "streams", o.Streams)
		c.check(o.Bulk >= 1 && o.Bulk <= 1024, "bulk", "1 to 1024")
		c.lasting(time.Millisecond, "for", o.For)
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Pass(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Clients, "clients", 64, "connections with small requests at the same time")
	flags.DurationVar(&o.For, "for", time.Second, "time for one server in one round of each part")
	flags.IntVar(&o.Rounds, "rounds", 7, "turns that each server gets")
	flags.IntVar(&o.Body, "body", 500, "`BYTES` of the small answer")
	flags.IntVar(&o.Bulk, "bulk", 64, "`MIB` of a large body")
	flags.IntVar(&o.Streams, "streams", 2, "connections with large bodies at the same time")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	addPollmuxFlag(b.cmd, &o.Others)
	flags.StringVar(&o.Profile, profileFlag, "", "`FILE` for a CPU profile of pollmux with small requests, from an extra round")
	return b
}
