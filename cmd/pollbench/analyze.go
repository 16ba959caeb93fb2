package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

func newAnalyze() *benchmark {
	var o bench.AnalyzeOptions
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "analyze",
		Short: "What \"pollmux analyze\" finds and predicts, against the truth, with a verdict",
		Long: `analyze makes up an access log of which it is known what each request is, has
"pollmux analyze" read it, and compares: of what it calls polls, how many are, and of
the polls, how many it finds; per kind of client as well. Then it makes up another
one, lets it predict what pollmux would save with the configuration that it writes,
and sends the requests of that log, faster than they came, to a real pollmux with this
configuration, before an origin that counts. The exit code is 1 if fewer than 95 % of
either are right, or the prediction is further off than --within.`,
		Example: `  pollbench analyze
  pollbench analyze --quick
  pollbench analyze --json testdata/bench/analyze.json`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		if quick {
			b.quickly("lines", func() { o.Lines = 100_000 })
			b.quickly("over", func() { o.Span = 20 * time.Minute })
			b.quickly("replay", func() { o.Replay = 8000 })
			b.quickly("slice", func() { o.Slice = 4 * time.Minute })
			b.quickly("speed", func() { o.Speed = 40 })
			b.quickly("within", func() { o.Within = 0.15 }) // at that speed, a machine that is busy is late
		}
		c := checks{cmd: b.cmd}
		c.atLeast(1000, "lines", o.Lines)
		c.lasting(time.Minute, "over", o.Span)
		c.atLeast(1000, "replay", o.Replay)
		c.lasting(time.Minute, "slice", o.Slice)
		c.check(o.Speed >= 1 && o.Speed <= 100, "speed", "1 to 100")
		c.check(o.Within > 0 && o.Within < 1, "within", "more than 0 and less than 1")
		if err := c.err(); err != nil {
			return nil, err
		}
		o.Say = say
		return bench.Analyze(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntVar(&o.Lines, "lines", 10_000_000, "lines of the log whose requests are judged")
	flags.DurationVar(&o.Span, "over", 6*time.Hour, "`TIME` that they are of")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of what is made up")
	flags.IntVar(&o.Replay, "replay", 60_000, "lines of the log that is sent to pollmux")
	flags.DurationVar(&o.Slice, "slice", 10*time.Minute, "`TIME` that they are of")
	flags.Float64Var(&o.Speed, "speed", 20, "times as fast as they came")
	flags.Float64Var(&o.Within, "within", 0.05, "part of what is saved by which the prediction may be off")
	flags.BoolVar(&quick, "quick", false, "a small and short run")
	return b
}
