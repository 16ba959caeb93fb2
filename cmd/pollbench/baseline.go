package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// baseline is an earlier outcome, as --json wrote it.
type baseline struct {
	report
	file  string
	again *benchmark // with the same flags
}

// readBaseline reads a baseline and prepares the benchmark.
func readBaseline(file string) (*baseline, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	one := &baseline{file: file}
	if err := json.Unmarshal(text, &one.report); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if one.again = find(one.Benchmark); one.again == nil {
		return nil, fmt.Errorf("%s: it is the outcome of no benchmark that there is: %q", file, one.Benchmark)
	}
	for name, value := range one.Flags {
		if err := one.again.cmd.Flags().Set(name, value); err != nil {
			return nil, fmt.Errorf("%s: --%s %s: %w", file, name, value, err)
		}
	}
	return one, nil
}

// find returns a new benchmark of that name, or nil.
func find(name string) *benchmark {
	for _, b := range newBenchmarks() {
		if b.cmd.Name() == name {
			return b
		}
	}
	return nil
}
