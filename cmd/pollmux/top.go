package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pollmux/pollmux/cmd/pollmux/remote"
	"github.com/pollmux/pollmux/cmd/pollmux/top"
	"github.com/pollmux/pollmux/proxy/ledger"
)

// account is that of a running proxy.
type account struct{ *remote.Client }

// Stats implements top.Source.
func (a account) Stats(ctx context.Context) (s ledger.Stats, err error) {
	return s, a.Read(ctx, "/api/stats", &s)
}

// Paces that make sense: a reading costs the proxy something, and one's eyes too.
const (
	leastPace = 100 * time.Millisecond
	mostPace  = time.Hour
)

func newTop() *cobra.Command {
	var admin adminFlags
	var once bool
	var pace time.Duration
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show live what routes, feeds and clients do",
		Long: `top shows a running proxy in the terminal, in the manner of htop: what the origin
would get without pollmux and what it gets, who is held, and how old answers are,
per route. "h" lists the keys. What is no terminal gets the table once.`,
		Example: `  pollmux top
  pollmux top --admin http://10.0.0.7:9090
  pollmux top --once --interval 10s`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pace < leastPace || pace > mostPace {
				return &usageError{fmt.Sprintf("--interval is %v; write one from %v to %v", pace, leastPace, mostPace)}
			}
			c, err := admin.client()
			if err != nil {
				return err
			}
			if once || !isTerminal(cmd.OutOrStdout()) || !isTerminal(cmd.InOrStdin()) {
				return top.Once(cmd.Context(), account{c}, pace, cmd.OutOrStdout())
			}
			return top.Run(cmd.Context(), account{c}, top.Options{Address: c.String(), Pace: pace})
		},
	}
	flags := cmd.Flags()
	admin.add(flags, "http://127.0.0.1:9090")
	flags.BoolVar(&once, "once", false, "print the table once, with the rates of one --interval")
	flags.DurationVar(&pace, "interval", time.Second, "`TIME` between two readings")
	return cmd
}

// isTerminal reports whether somebody sees what is written, or types what is read.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
