package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pollmux/pollmux/config"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Validate a configuration and print every problem",
		Long: `check reads a configuration as "serve" would, with the files that it names, and
prints every problem in it, one per line, as FILE:LINE: field.path: what is wrong,
what is allowed. It exits with 0 if there is none and with 1 otherwise. A certificate
that has expired is a warning.`,
		Example: "  pollmux check pollmux.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{"check takes one FILE: see \"pollmux check --help\""}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, warnings, err := loadConfiguration(args[0])
			if err == nil {
				for _, warning := range warnings {
					fmt.Fprintln(cmd.OutOrStdout(), warning)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: good: %d upstream(s), %d route(s)\n", args[0], len(c.Upstreams), len(c.Routes))
				return err
			}
			return reportProblems(cmd.OutOrStdout(), err)
		},
	}
}

// filesOf says what is wrong with the files that a configuration names.
func filesOf(c *config.Config, name string) error {
	err := c.Files()
	var problems config.Problems
	if errors.As(err, &problems) {
		for i := range problems {
			problems[i].File = name
		}
	}
	return err
}

// reportProblems prints the problems of a configuration, a line each.
func reportProblems(w io.Writer, err error) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(w, problem)
	}
	return errReported
}
