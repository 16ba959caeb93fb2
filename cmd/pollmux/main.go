// Command pollmux is a reverse proxy that upgrades legacy polling clients.
//
// main is glue: a file per subcommand, and nothing that another program would
// want.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// run runs a command line until it is done or ctx ends, and returns the exit
// code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	addCompletion(root)
	unknown := addHelp(root)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = unknown()
	}
	var usage *usageError
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "pollmux: %s\n", oneLine(err))
		return exitUsage
	case !errors.Is(err, errReported):
		fmt.Fprintf(stderr, "pollmux: %s\n", oneLine(err))
	}
	return exitFailed
}

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// errReported fails a command that has said why already.
var errReported = errors.New("reported")

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "pollmux",
		Short: "A reverse proxy that upgrades legacy polling clients",
		Long: `pollmux sits in front of an HTTP API that can only be polled and cannot be
changed. It polls each distinct resource once for everybody, and serves every
client on the API's own URL through plain polls, long polls, chunked streams
(SSE, NDJSON, multipart) or WebSockets.`,
		Example: `  pollmux demo
  pollmux serve --upstream http://127.0.0.1:9000
  pollmux serve --config pollmux.yaml`,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		Args:                       noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return &usageError{"a command is missing: try \"pollmux demo\" or \"pollmux serve --help\""}
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Sprintf("%v: see \"%s --help\"", err, cmd.CommandPath())}
	})
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newServe(), newCheck(), newExplain(), newAnalyze(), newReport(), newTop(), newDemo(), newVersion(), newReady())
	return root
}

// noArgs refuses what a command does not take, and says what it could mean.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown argument %q for \"%s\"", args[0], cmd.CommandPath())
	if cmd.HasSubCommands() {
		text = fmt.Sprintf("unknown command %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += ": did you mean \"" + near[0] + "\"?"
		}
	}
	return &usageError{text + " (see \"" + cmd.CommandPath() + " --help\")"}
}
