package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/bench"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

func newFan() *benchmark {
	var o bench.FanOptions
	var kinds []string
	var mixed time.Duration
	var slow string
	var quick bool
	b := newBenchmark(&cobra.Command{
		Use:   "fan",
		Short: "CPU time and delay of telling thousands of subscribers, against a bare write loop and nchan",
		Long: `fan holds subscribers of one transport on one resource, lets it change, waits until the
last of them has heard, and again. The reference is a loop that does nothing but
write(2) as many bytes to as many sockets, in the same round. nchan (nginx) is measured
as well if it is installed, for the transports that it has. The servers take turns.

CPU per delivery is the CPU time of the server's processes (the kernel's clock of each),
from before the first change of a round until it has nothing to do any more, by the
deliveries: it includes pollmux's polls and, of a long poll, the next request. "last"
is the time from the instant of publication, which the message itself says (the origin
writes it when it is asked; the loop before its first write; nchan's publisher before it
sends), until the last subscriber has read it, p99 until 99 % of them have: the median of the
changes of a round. Ratios are of the same round, and medians are told.

The clients are an epoll loop in a process for each server, on other cores than it.

--n with several numbers and --feeds add the slope of a least-squares line, and what it
would mean for a million, which nobody has measured. --slow lets a share of the readers
stop until the server is held up by them, and go on: the others' p99 with them and
without, and whether those who went on got the newest version next.

--mixed is another thing: subscribers of all kinds together on one feed that changes at
an irregular pace, at times faster than it is polled. Its verdict is whether everybody has
the last version and nobody was dropped, whether the origin got one request per interval,
how late changes came, and whether memory and goroutines stayed flat; CPU time is compared
with the bare loop in the middle and at the end. It takes half as long again as --mixed.

The exit code is 1 if somebody was dropped, or got a version twice, an older one, or not
the last one, if the origin was asked more often than once per interval, if memory grew;
and with --bars, from 5000 subscribers on, if the CPU time of SSE, NDJSON or WebSocket is above 1.15 ×
the loop's, of long polls above nchan's, the last of any but long polls above 1.25 × the loop's, or the p99
with readers that stopped above 1.10 × that without.`,
		Example: `  pollbench fan
  pollbench fan --kinds sse --n 100,1000,10000,18000
  pollbench fan --kinds sse --feeds 1,100,10000 --rounds 3
  pollbench fan --kinds sse --slow 1%
  pollbench fan --kinds sse --compress gzip
  pollbench fan --mixed 60s
  pollbench fan --kinds websocket --pollmux ./pollbench-of-a-branch
  pollbench fan --kinds longpoll --profile held.pprof && go tool pprof -top held.pprof`,
	})
	b.measure = func(ctx context.Context, say bench.Say) (result, error) {
		c := checks{cmd: b.cmd}
		if quick {
			o.Bars = false
			b.quickly("n", func() { o.N = []int{300} })
			b.quickly("rounds", func() { o.Rounds = 2 })
		}
		for _, n := range o.N {
			c.check(n >= 1, "n", "numbers of at least 1")
		}
		for _, n := range o.Feeds {
			c.check(n >= 1, "feeds", "numbers of at least 1")
		}
		c.check(len(o.N) > 0, "n", "at least one number")
		c.check(len(o.Feeds) > 0, "feeds", "at least one number")
		c.atLeast(1, "rounds", o.Rounds)
		c.atLeast(0, "bursts", o.Bursts)
		c.atLeast(200, "body", o.Body)
		share, err := percent(slow)
		c.check(err == nil && share >= 0 && share <= 0.5, "slow", "0% to 50%")
		o.Slow, o.Kinds = share, c.kinds(kinds)
		if err := c.err(); err != nil {
			return nil, err
		}
		if err := checkCoding(c, &o, mixed > 0); err != nil {
			return nil, err
		}
		o.Say = say
		if mixed > 0 {
			c.lasting(8*mixedInterval, "mixed", mixed)
			b.quickly("n", func() { o.N = []int{1000} })
			return runMixed(ctx, c, o, mixed)
		}
		return bench.Fan(ctx, o)
	}
	flags := b.cmd.Flags()
	flags.IntSliceVar(&o.N, "n", []int{10_000}, "`NUMBERS` of subscribers")
	flags.IntSliceVar(&o.Feeds, "feeds", []int{1}, "`NUMBERS` of resources that they are spread over")
	addKindsFlag(b.cmd, &kinds)
	flags.IntVar(&o.Rounds, "rounds", 5, "turns that each server gets")
	flags.IntVar(&o.Bursts, "bursts", 0, "changes in a turn (default: for 30000 deliveries, and 3 at least)")
	flags.IntVar(&o.Body, "body", 1024, "`BYTES` of the resource")
	flags.StringVar(&o.Coding, "compress", "", "`CODING` of SSE and NDJSON, gzip or zstd; the loop writes as few bytes, but 200 at least")
	flags.DurationVar(&mixed, "mixed", 0, "in place of that: `TIME` with --n of all kinds together on one feed (default 1000 of each)")
	flags.StringVar(&slow, "slow", "0%", "`SHARE` of the readers that stop, in an extra part")
	addBarsFlags(b.cmd, &o.Bars, &quick)
	addPollmuxFlag(b.cmd, &o.Others)
	flags.StringVar(&o.Profile, profileFlag, "", "`FILE` for a CPU profile of pollmux, of the last contest")
	return b
}

// checkCoding lets streams alone be compressed, unless other kinds were asked for.
func checkCoding(c checks, o *bench.FanOptions, mixed bool) error {
	if o.Coding == "" {
		return nil
	}
	streams := []load.Kind{load.SSE, load.NDJSON}
	if !c.cmd.Flags().Changed("kinds") {
		o.Kinds = streams
	}
	c.check(slices.Contains(audience.Codings(), o.Coding), "compress", "gzip or zstd")
	c.check(!mixed && o.Slow == 0, "compress", "neither --mixed nor --slow beside it")
	c.check(!slices.ContainsFunc(o.Kinds, func(k load.Kind) bool { return !slices.Contains(streams, k) }), "compress", "sse and ndjson in --kinds")
	return c.err()
}

// addBarsFlags are for what takes its time to tell.
func addBarsFlags(cmd *cobra.Command, bars, quick *bool) {
	cmd.Flags().BoolVar(bars, "bars", true, "judge the bars as well, which depend on the machine being quiet")
	cmd.Flags().BoolVar(quick, "quick", false, "a small and short run, without bars")
}

// addPollmuxFlag lets other builds take part.
func addPollmuxFlag(cmd *cobra.Command, others *[]string) {
	cmd.Flags().StringSliceVar(others, "pollmux", nil, "`PROGRAMS`: other builds of pollbench, whose pollmux is measured beside this one's")
}

// The pace of --mixed: the interval of the route, and how much later than that a
// change may be heard of.
const (
	mixedInterval = time.Second
	mixedAllow    = time.Second
)

// runMixed has all kinds listen to one feed.
func runMixed(ctx context.Context, c checks, o bench.FanOptions, d time.Duration) (result, error) {
	if err := c.err(); err != nil {
		return nil, err
	}
	return bench.Mixed(ctx, bench.MixedOptions{
		Each: o.N[0], Kinds: o.Kinds, For: d, Interval: mixedInterval, Body: o.Body, Allow: mixedAllow, Profile: o.Profile, Say: o.Say,
	})
}

// percent reads a share: 1%, or 0.01.
func percent(text string) (float64, error) {
	digits, isPercent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no share: %w", text, err)
	}
	if isPercent {
		share /= 100
	}
	return share, nil
}

// addKindsFlag lets the kinds of subscribers be chosen.
func addKindsFlag(cmd *cobra.Command, kinds *[]string) {
	var all []string
	for _, k := range load.Kinds() {
		all = append(all, string(k))
	}
	cmd.Flags().StringSliceVar(kinds, "kinds", all, "`KINDS` of subscribers")
}

// kinds checks the kinds of subscribers, and returns them.
func (c *checks) kinds(names []string) []load.Kind {
	kinds, err := load.ParseKinds(names)
	if err != nil && c.problem == nil {
		c.problem = &usageError{"--kinds: " + err.Error()}
	}
	return kinds
}
