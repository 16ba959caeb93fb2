package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/logs"
)

// making is what the flags of logs say.
type making struct {
	cmd   *cobra.Command
	make  logs.Options
	timed bool
	truth string
	out   string
}

func newLogs() *cobra.Command {
	o := making{cmd: &cobra.Command{
		Use:   "logs",
		Short: "Make up an access log of which it is known what each request is",
		Long: `logs writes an access log in nginx's combined format, made up of clients that poll in
all sorts of ways, of people who browse, of robots and monitors. The same seed gives
the same log. --truth writes what each line is, a word per line.`,
		Example: `  pollbench logs --lines 1000000 --over 1h --out access.log
  pollbench logs --lines 10000 --over 10m --truth truth.txt --out access.log
  pollbench logs --lines 10000 --over 10m --timed --out access.log`,
		Args:    noArgs,
		PreRunE: checkFiles,
	}}
	o.cmd.RunE = func(*cobra.Command, []string) error { return o.run() }
	flags := o.cmd.Flags()
	flags.IntVar(&o.make.Lines, "lines", 1_000_000, "lines")
	flags.DurationVar(&o.make.Span, "over", time.Hour, "`TIME` that they are of")
	flags.Uint64Var(&o.make.Seed, "seed", 1, "`NUMBER` that decides everything")
	flags.BoolVar(&o.timed, "timed", false, "append $request_time")
	flags.StringVar(&o.truth, truthFlag, "", "`FILE` to write what each line is to")
	flags.StringVar(&o.out, outFlag, "", "`FILE` to write the log to (default: standard output)")
	return o.cmd
}

func (o *making) run() (err error) {
	c := checks{cmd: o.cmd}
	c.atLeast(1, "lines", o.make.Lines)
	c.lasting(time.Second, "over", o.make.Span)
	if err := c.err(); err != nil {
		return err
	}
	log, err := create(o.out, o.cmd.OutOrStdout())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.end()) }()
	truth, err := create(o.truth, io.Discard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, truth.end()) }()
	var b []byte
	return logs.Generate(o.make, func(l *logs.Line) error {
		if o.timed {
			b = l.AppendTimed(b[:0])
		} else {
			b = l.AppendCombined(b[:0])
		}
		_, err := log.Write(b)
		_, _ = truth.WriteString(l.Kind.String() + "\n") // end tells
		return err
	})
}

// written is a file that is being written, or what stands in for one.
type written struct {
	*bufio.Writer
	file io.Closer // nil: it is somebody else's
}

func create(name string, instead io.Writer) (*written, error) {
	if name == "" {
		return &written{Writer: bufio.NewWriterSize(instead, 1<<20)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &written{bufio.NewWriterSize(f, 1<<20), f}, nil
}

// end writes what is left.
func (w *written) end() error {
	err := w.Flush()
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	return err
}
