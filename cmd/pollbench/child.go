package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
)

// newChild is how this program starts itself as a server. It is nothing for
// people, and hidden.
func newChild() *cobra.Command {
	return &cobra.Command{
		Use:    "child KIND OPTIONS",
		Short:  "Run one of the servers under test, until standard input ends",
		Hidden: true,
		Long: `child runs a server, proxy, bare, relay, stream, origin, legacy, faulty, replay or loop, or an audience. OPTIONS are JSON. It prints
its address, obeys what it reads from standard input line by line, and ends with it.`,
		Example: `  pollbench child origin '{"body":500}'
  pollbench child loop '{}'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{"child takes KIND and OPTIONS: see \"pollbench child --help\""}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			err := child.Run(args[0], args[1], child.Standard{In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr()})
			if errors.Is(err, child.ErrKind) {
				return &usageError{err.Error()}
			}
			return err
		},
	}
}
