package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

// baselines is where those of the repository are.
const baselines = "testdata/bench/*.json"

func newCheck() *cobra.Command {
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "check [BASELINE...]",
		Short: "Run benchmarks again and compare them with earlier outcomes",
		Long: `check runs the benchmark that each BASELINE is the outcome of (a file that --json
wrote), with the same flags, and compares the ratios, of which less is better. Without
arguments it takes ` + baselines + `. The exit code is 1 if a ratio is worse than
the baseline's by more than the tolerance, or a benchmark's own verdict is bad. What
cannot be measured here, because a peer is not installed, is told and does not count.`,
		Example: `  pollbench check
  pollbench check testdata/bench/poll.json testdata/bench/pass.json
  pollbench check --tolerance 1.1 testdata/bench/poll.json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			c := checks{cmd: cmd}
			c.check(tolerance >= 1, "tolerance", "at least 1")
			if err := c.err(); err != nil {
				return err
			}
			all, err := readBaselines(files)
			if err != nil {
				return err
			}
			return checkAll(cmd, all, tolerance)
		},
	}
	cmd.Flags().Float64Var(&tolerance, "tolerance", 1.3, "how many times the baseline's a ratio may be")
	return cmd
}

// readBaselines reads all of them before the first is run: a benchmark takes its
// time.
func readBaselines(files []string) (all []*baseline, err error) {
	if len(files) == 0 {
		if files, err = filepath.Glob(baselines); err != nil || len(files) == 0 {
			return nil, &usageError{"there is no " + baselines + " here: name a baseline, or run this in the repository"}
		}
	}
	for _, file := range files {
		one, err := readBaseline(file)
		if err != nil {
			return nil, &usageError{err.Error()}
		}
		all = append(all, one)
	}
	return all, nil
}

// checkAll runs one after the other, and all of them whatever comes out.
func checkAll(cmd *cobra.Command, all []*baseline, tolerance float64) error {
	var failures []error
	for _, one := range all {
		verdict, err := one.check(cmd.Context(), say(cmd), tolerance)
		if err != nil {
			return fmt.Errorf("%s: %w", one.file, err)
		}
		fmt.Fprintln(cmd.OutOrStdout(), one.file)
		verdict.Write(cmd.OutOrStdout())
		if then := one.Machine; then != bench.ThisMachine() {
			fmt.Fprintf(cmd.OutOrStdout(), "The baseline is of another machine: %v.\n", then)
		}
		failures = append(failures, judged(verdict))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Measured on %v.\n", bench.ThisMachine())
	return errors.Join(failures...)
}

// check runs a benchmark as it was run for its baseline, and compares.
func (one *baseline) check(ctx context.Context, say bench.Say, tolerance float64) (bench.Verdict, error) {
	r, err := one.again.measure(ctx, say)
	if err != nil {
		return nil, err
	}
	return append(r.Judge(), bench.Compare(one.Ratios, r.Ratios(), tolerance)...), nil
}
