package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// checks are what a benchmark demands of its flags.
type checks struct {
	cmd     *cobra.Command
	problem *usageError // the first
}

// check refuses what cannot be meant, by name.
func (c *checks) check(good bool, name, allowed string) {
	if !good && c.problem == nil {
		c.problem = &usageError{fmt.Sprintf("--%s %s: choose %s", name, c.cmd.Flag(name).Value, allowed)}
	}
}

// atLeast checks a number.
func (c *checks) atLeast(least int, name string, value int) {
	c.check(value >= least, name, fmt.Sprintf("at least %d", least))
}

// lasting checks a duration.
func (c *checks) lasting(least time.Duration, name string, value time.Duration) {
	c.check(value >= least, name, fmt.Sprintf("at least %v", least))
}

// err is the first problem.
func (c *checks) err() error {
	if c.problem == nil {
		return nil
	}
	return c.problem
}
