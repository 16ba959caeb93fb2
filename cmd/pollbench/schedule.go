package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/replay"
	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// scheduling is what the flags of schedule say.
type scheduling struct {
	cmd *cobra.Command
	origin
	out       string
	instants  bool
	replay    replay.Options
	printJSON bool
}

func newSchedule() *cobra.Command {
	o := scheduling{cmd: &cobra.Command{
		Use:   "schedule {--trace FILE | --generate KIND} [--budget B]",
		Short: "How stale a policy of when to poll leaves subscribers, in simulated time",
		Long: `schedule replays a trace of changes to policies that decide when to poll: a budget of
requests per second is spent on all resources, and what differs is on which, and when.
It tells the mean age of the first change that a subscriber has not seen, over time and
subscribers, its p99, and the requests. Time is simulated, and a poll takes none.

The policies are one after the other (uniform), rates by the root of the subscribers
(sqrt_weight), an interval that grows without changes and shrinks with them (aimd, and
aimd_weighted by subscribers), one that goes with the time since the last change
(adaptive_ttl), price polling that is told the true mean rates (oracle), and price
polling as pollmux does it (price).

A trace is JSON, plain or in gzip; "-" is standard input:
  {"name": "buses", "horizon": 86400, "res": [{"w": 12, "t": [3.5, 63.5], "instants": false}]}
horizon and t are seconds, w is subscribers, and instants tells that answers say when the
resource last changed.

--generate makes up a trace, and with --budget replays it. Without, it writes it:
` + kinds() + `
The same seed gives the same trace, and the same outcome.`,
		Example: `  pollbench schedule --trace buses.json.gz --budget 2
  pollbench schedule --generate sleepers --budget 15
  pollbench schedule --generate poisson --budget 50 --json
  pollbench schedule --generate mixed --seed 7 --n 2000 --horizon 4h --out mixed.json.gz`,
		Args:    noArgs,
		PreRunE: checkFiles,
	}}
	o.cmd.RunE = func(*cobra.Command, []string) error { return o.run() }
	flags := o.cmd.Flags()
	flags.StringVar(&o.file, "trace", "", "`FILE` to replay")
	flags.StringVar(&o.kind, "generate", "", "`KIND` of trace to make up in place of that")
	flags.IntVar(&o.generate.N, "n", 0, "resources that are made up (default: the kind's)")
	flags.DurationVar(&o.generate.Horizon, "horizon", 0, "`TIME` that is made up (default: the kind's)")
	flags.StringVar(&o.out, outFlag, "", "`FILE` to write what is made up to, in gzip if it ends with .gz (default: standard output)")
	flags.Float64Var(&o.replay.Budget, "budget", 0, "requests per second")
	flags.Uint64Var(&o.replay.Seed, "seed", 1, "seed of what is made up, and of the randomness of policies")
	flags.BoolVar(&o.instants, "instants", false, "let every resource tell when it last changed")
	flags.BoolVar(&o.printJSON, jsonFlag, false, "print the outcome as JSON")
	return o.cmd
}

// kinds is a paragraph of the help.
func kinds() string {
	var text strings.Builder
	for _, k := range trace.Kinds() {
		fmt.Fprintf(&text, "  %-18s %s\n", k.Name, k.About)
	}
	return text.String()
}

// run makes up or reads a trace, and writes or replays it.
func (o *scheduling) run() error {
	if err := o.check(); err != nil {
		return err
	}
	o.generate.Seed = o.replay.Seed
	t, err := o.trace(o.cmd.InOrStdin())
	if err != nil {
		return &usageError{err.Error()}
	}
	if o.instants {
		t = t.WithInstants()
	}
	if o.kind != "" && (o.out != "" || !o.replays()) {
		if err := o.write(t); err != nil {
			return err
		}
	}
	if !o.replays() {
		return nil
	}
	return o.tell(o.cmd.Context(), t)
}

// replays is whether somebody wants to know.
func (o *scheduling) replays() bool { return o.cmd.Flags().Changed("budget") }

// check finds out what cannot be meant before anything takes its time.
func (o *scheduling) check() error {
	made := o.kind != ""
	if made == (o.file != "") {
		return &usageError{"--trace and --generate: choose one of them"}
	}
	c := checks{cmd: o.cmd}
	for _, name := range []string{"n", "horizon", outFlag} {
		c.check(made || !o.cmd.Flags().Changed(name), name, "this with --generate only")
	}
	c.atLeast(0, "n", o.generate.N)
	c.lasting(0, "horizon", o.generate.Horizon)
	if !made || o.replays() {
		c.check(o.replay.Budget > 0 && !math.IsInf(o.replay.Budget, 1), "budget", "requests per second, more than 0")
	}
	c.check(!o.printJSON || o.replays(), jsonFlag, "a --budget beside it")
	return c.err()
}

// tell replays, and prints what came of it.
func (o *scheduling) tell(ctx context.Context, t *trace.Trace) error {
	say(o.cmd)("schedule: %d resources, %d changes in %v, %.0f polls with each policy", len(t.Resources), t.Changes(),
		time.Duration(t.Horizon*float64(time.Second)).Round(time.Second), o.replay.Budget*t.Horizon)
	r, err := replay.Run(ctx, t, o.replay)
	if errors.Is(err, replay.ErrBudget) {
		return &usageError{"--budget: " + err.Error()}
	}
	if err != nil {
		return err
	}
	if !o.printJSON {
		r.Write(o.cmd.OutOrStdout())
		return nil
	}
	out := json.NewEncoder(o.cmd.OutOrStdout())
	out.SetEscapeHTML(false)
	return out.Encode(r)
}
