package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

// benchmark is a subcommand that measures something.
type benchmark struct {
	cmd *cobra.Command

	// measure does as the flags say, or returns a usageError if they cannot be
	// meant.
	measure func(ctx context.Context, say bench.Say) (result, error)
}

// result is the outcome of a benchmark.
type result interface {
	// Write tells it to people.
	Write(w io.Writer)

	// Ratios are what can be compared with another run, or another machine.
	// Less is better.
	Ratios() map[string]bench.Spread

	// Judge is whether what was claimed is so; empty if nothing was.
	Judge() bench.Verdict
}

// newBenchmarks are all of them.
func newBenchmarks() []*benchmark {
	return []*benchmark{newPoll(), newPass(), newFan(), newHerd(), newSavings(), newIdle(), newChurn(), newSoak(), newURLs(), newFreshness(), newAnalyze(), newServers(), newDrain(), newUpgrade(), newReload()}
}

// newBenchmark completes a command. The caller sets measure.
func newBenchmark(cmd *cobra.Command) *benchmark {
	b := &benchmark{cmd: cmd}
	cmd.Args = noArgs
	cmd.RunE = b.run
	addJSONFlag(cmd)
	return b
}

// quickly sets what a quick run has less of, unless somebody has set the flag.
func (b *benchmark) quickly(flag string, set func()) {
	if !b.cmd.Flags().Changed(flag) {
		set()
	}
}

// run measures, tells, and fails on a bad verdict.
func (b *benchmark) run(cmd *cobra.Command, _ []string) error {
	r, err := b.measure(cmd.Context(), say(cmd))
	if err != nil {
		return err
	}
	if err := tell(cmd, r); err != nil {
		return err
	}
	return judged(r.Judge())
}
