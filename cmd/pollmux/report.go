package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollmux/report"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// reportFlags are what the command line can say.
type reportFlags struct {
	admin  adminFlags
	stats  string
	since  string
	window time.Duration
	price  report.Price
}

func newReport() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Print what was saved, as a page of Markdown",
		Long: `report prints a page of Markdown to hand on: what the origin got and what it would
have got, what was measured apart from what is estimated, per route; what routes
in mode observe would save, and whether they are safe to share; what was not saved
and why; how old answers were; and what all of it rests on.

It is of the time since pollmux was started, since an earlier reading that was
saved (curl http://127.0.0.1:9090/api/stats > before.json), or of the time from now
on. It works from a saved reading alone, too.`,
		Example: `  pollmux report > report.md
  pollmux report --since before.json
  pollmux report --for 60s
  pollmux report --stats stats.json --cost-per-million-requests 0.40 --currency EUR`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			in, err := f.input(cmd)
			if err != nil {
				return err
			}
			in.Price = f.price
			return report.Write(cmd.OutOrStdout(), in)
		},
	}
	flags := cmd.Flags()
	f.admin.add(flags, "http://127.0.0.1:9090")
	flags.StringVar(&f.stats, "stats", "", "a saved answer of /api/stats in place of a running proxy: `FILE`, or - for standard input")
	flags.StringVar(&f.since, "since", "", "report what came after the reading in this `FILE`")
	flags.DurationVar(&f.window, "for", 0, "report this `TIME` from now on")
	flags.Float64Var(&f.price.PerMillion, "cost-per-million-requests", 0, "what a million requests to the origin cost, as an `AMOUNT`")
	flags.StringVar(&f.price.Currency, "currency", "", "`NAME` of what that is in")
	return cmd
}

// check refuses flags that do not go together.
func (f *reportFlags) check(cmd *cobra.Command) error {
	switch {
	case f.window < 0:
		return &usageError{"--for is negative; write a time such as 60s"}
	case f.window > 0 && f.since != "":
		return &usageError{"--for and --since exclude each other: one is a time from now on, the other one up to now"}
	case f.window > 0 && f.stats != "":
		return &usageError{"--for needs a running proxy: leave out --stats"}
	case f.stats != "" && cmd.Flags().Changed("admin"):
		return &usageError{"--stats and --admin exclude each other: one is a file, the other a running proxy"}
	case f.price.PerMillion < 0:
		return &usageError{"--cost-per-million-requests is negative; write an amount such as 0.40"}
	case f.price.Currency != "" && f.price.PerMillion == 0:
		return &usageError{"--currency goes with --cost-per-million-requests"}
	}
	return nil
}

// input reads what the report is of.
func (f *reportFlags) input(cmd *cobra.Command) (in report.Input, err error) {
	var before *ledger.Stats
	if f.since != "" {
		earlier, err := readStats(cmd.InOrStdin(), f.since)
		if err != nil {
			return in, fmt.Errorf("--since: %w", err)
		}
		before = &earlier
	}
	if f.stats != "" {
		now, err := readStats(cmd.InOrStdin(), f.stats)
		if err != nil {
			return in, fmt.Errorf("--stats: %w", err)
		}
		return report.New(now, before), nil
	}
	c, err := f.admin.client()
	if err != nil {
		return in, err
	}
	ctx, source := cmd.Context(), account{c}
	if f.window > 0 {
		earlier, err := source.Stats(ctx)
		if err != nil {
			return in, err
		}
		if before = &earlier; !pause(ctx, f.window) {
			return in, ctx.Err()
		}
	}
	now, err := source.Stats(ctx)
	return report.New(now, before), err
}

// pause waits, and reports whether ctx lasted as long.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// readStats reads a saved answer of /api/stats.
func readStats(stdin io.Reader, file string) (s ledger.Stats, err error) {
	var text []byte
	if file == "-" {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return s, fmt.Errorf("%w; check the path", err)
	}
	if s, err = report.Parse(text); err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return s, err
}
