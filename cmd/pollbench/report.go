package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/bench"
)

// report is what --json writes.
type report struct {
	Benchmark string            `json:"benchmark"`
	Machine   bench.Machine     `json:"machine"`
	Flags     map[string]string `json:"flags"`

	// Ratios are what check compares.
	Ratios map[string]bench.Spread `json:"ratios"`

	Result any `json:"result"`
}

// The flags that name files to write.
const (
	jsonFlag    = "json"    // the outcome
	profileFlag = "profile" // of some benchmarks: a CPU profile
	outFlag     = "out"     // of schedule: a trace; of logs: a log
	truthFlag   = "truth"   // of logs: what is what
)

func addJSONFlag(cmd *cobra.Command) {
	cmd.Flags().String(jsonFlag, "", "`FILE` to write the outcome to, as JSON")
	cmd.PreRunE = checkFiles
}

// checkFiles finds out what cannot be written before the benchmark, not after.
func checkFiles(cmd *cobra.Command, _ []string) error {
	for _, name := range []string{jsonFlag, profileFlag, outFlag, truthFlag} {
		f := cmd.Flag(name)
		if f == nil {
			continue
		}
		if info, err := os.Stat(filepath.Dir(f.Value.String())); err != nil || !info.IsDir() {
			return &usageError{fmt.Sprintf("--%s %s: there is no such directory", name, f.Value)}
		}
	}
	return nil
}

// tell prints an outcome and writes it as JSON, if that is wanted.
func tell(cmd *cobra.Command, r result) error {
	machine := bench.ThisMachine()
	fmt.Fprintln(cmd.OutOrStdout())
	r.Write(cmd.OutOrStdout())
	fmt.Fprintf(cmd.OutOrStdout(), "Measured on %v. Compare ratios, not times.\n", machine)
	file := cmd.Flag(jsonFlag).Value.String()
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(report{Benchmark: cmd.Name(), Machine: machine, Flags: flagsOf(cmd), Ratios: r.Ratios(), Result: r}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// flagsOf are the flags that made the outcome what it is, of whichever command.
func flagsOf(cmd *cobra.Command) map[string]string {
	flags := map[string]string{}
	for _, name := range []string{
		"addresses", "allow", "bars", "body", "budget", "bulk", "bursts", "clients", "count", "each", "every", "feed", "feeds", "first", "for",
		"generate", "interval", "kinds", "latency", "mixed", "lines", "n", "over", "points", "quick", "rate", "replay", "rounds", "seed", "slice", "slow", "speed", "streams", "warm", "within",
	} {
		f := cmd.Flag(name)
		if f == nil {
			continue
		}
		flags[name] = f.Value.String()
		if list, ok := f.Value.(interface{ GetSlice() []string }); ok {
			flags[name] = strings.Join(list.GetSlice(), ",") // as Set takes it
		}
	}
	return flags
}

// say tells on standard error how far a benchmark is.
func say(cmd *cobra.Command) bench.Say {
	return func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
}

// judged fails on a bad verdict, which has been told.
func judged(v bench.Verdict) error {
	if v.Good() {
		return nil
	}
	return errVerdict
}
