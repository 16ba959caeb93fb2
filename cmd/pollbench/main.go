// Command pollbench measures what pollmux costs and what it saves, on the machine
// that it runs on, so that nobody has to believe a figure in a README.
//
//	poll       CPU time of a poll that is answered from a snapshot
//	pass       CPU time of a passed request, and bulk
//	fan        CPU time and delay of telling thousands of subscribers
//	herd       thousands of long polls, answered and held again once a second
//	idle       memory per idle subscriber
//	churn      clients that come and go a thousand times a second, and what is left of them
//	savings    upstream requests
//	soak       clients of all sorts and an origin that breaks, and what is left of it
//	urls       a million different URLs, and subscribers meanwhile
//	servers    servers of an upstream that die and come back under load
//	freshness  how stale subscribers are under a budget, and in a simulation of the same
//	analyze    what "pollmux analyze" finds in a log, and predicts, against the truth
//	logs       makes up a log for that
//	schedule   when to poll, in simulated time
//	drain      thousands of held clients, when pollmux stops
//	upgrade    requests, while the binary is replaced
//	check      all of it again, against the ratios of an earlier outcome
//
// It needs no network but loopback, and nothing installed: nginx, nchan, Varnish and
// HAProxy are measured as well if they are there. The servers under test are child processes,
// most of them this program itself, so that /proc tells their CPU time and memory
// apart from those of the load, which this process makes. All of them have ended
// when it does.
//
// Every figure that counts is a ratio to a reference in the same run, because
// machines are shared, busy, and not alike. --json writes the outcome; those that
// check compares with are in testdata/bench.
//
// main is glue: a file per subcommand. Package bench measures, package load makes
// the load, package stage puts up servers, and package child is those of our own.
// schedule stands apart: it measures nothing on this machine, but what a policy leaves
// subscribers to wait for. Package replay plays, package trace is what it plays.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line until it is done or ctx ends, and returns the exit
// code. Only a child reads from stdin.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "pollbench: %s\n", oneLine(err))
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "pollbench: interrupted; every server was stopped")
	case !errors.Is(err, errVerdict):
		fmt.Fprintf(stderr, "pollbench: %s\n", oneLine(err))
	}
	return exitFailed
}

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// errVerdict fails a benchmark that has told its verdict already.
var errVerdict = errors.New("the verdict is bad")

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "pollbench",
		Short: "Benchmarks of pollmux that anyone can rerun",
		Long: `pollbench measures what pollmux costs and what it saves, against references in the
same run: a bare loop or handler, and nginx, nchan, Varnish and HAProxy where they are
installed.
Compare the ratios; the other figures belong to this machine and this hour.`,
		Example: `  pollbench poll
  pollbench fan --kinds sse --n 1000
  pollbench savings --json savings.json
  pollbench soak --for 30s
  pollbench check testdata/bench/poll.json`,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:                       noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return &usageError{`a benchmark is missing: try "pollbench savings" or "pollbench poll --help"`}
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Sprintf("%v: see \"%s --help\"", err, cmd.CommandPath())}
	})
	for _, b := range newBenchmarks() {
		root.AddCommand(b.cmd)
	}
	root.AddCommand(newSchedule(), newLogs(), newCheck(), newChild())
	return root
}

// noArgs refuses what a command does not take.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown argument %q for \"%s\"", args[0], cmd.CommandPath())
	if !cmd.HasParent() {
		text = fmt.Sprintf("unknown benchmark %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += ": did you mean \"" + near[0] + "\"?"
		}
	}
	return &usageError{text + " (see \"" + cmd.CommandPath() + " --help\")"}
}
