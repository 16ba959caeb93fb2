package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// origin is where a trace comes from: a file or, if that is "", a kind.
type origin struct {
	file     string
	kind     string
	generate trace.Options
}

// trace reads the trace, or makes it up.
func (o *origin) trace(stdin io.Reader) (*trace.Trace, error) {
	if o.file == "" {
		t, err := trace.Generate(o.kind, o.generate)
		if err != nil {
			return nil, fmt.Errorf("--generate: %w", err)
		}
		return t, nil
	}
	if o.file == "-" {
		return readTrace("standard input", stdin)
	}
	f, err := os.Open(o.file)
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	defer f.Close()
	return readTrace(o.file, f)
}

// readTrace gives a trace without a name that of its file.
func readTrace(file string, from io.Reader) (*trace.Trace, error) {
	t, err := trace.Read(from)
	if err != nil {
		return nil, fmt.Errorf("--trace: %s: %w", file, err)
	}
	if t.Name == "" {
		t.Name, _, _ = strings.Cut(filepath.Base(file), ".")
	}
	return t, nil
}

// write writes what was made up.
func (o *scheduling) write(t *trace.Trace) (err error) {
	if o.out == "" || o.out == "-" {
		return t.Write(o.cmd.OutOrStdout())
	}
	f, err := os.Create(o.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if !strings.HasSuffix(o.out, ".gz") {
		return t.Write(f)
	}
	z := gzip.NewWriter(f)
	return errors.Join(t.Write(z), z.Close())
}
