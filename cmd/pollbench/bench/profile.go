package bench

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// profile measures a contestant once more, for its CPU profile: that of the
// rounds would be in their figures.
func (c *contest) profile(ctx context.Context, one *contestant, file string) error {
	return profiled(one.server, file, c.say, func() error {
		_, err := c.measure(ctx, one)
		return err
	})
}

// profile lets the origin change once more, for the proxy's CPU profile.
func (b *mixed) profile(ctx context.Context) error {
	return profiled(b.proxy, b.options.Profile, b.options.Say, func() error {
		last, err := b.move(ctx, &half{})
		return errors.Join(err, b.settle(ctx, last))
	})
}

// profiled writes the CPU profile of a child at work into a file, unless that is
// "". The child writes it, who may be somewhere else one day.
func profiled(server *stage.Process, file string, say Say, work func() error) error {
	if file == "" {
		return nil
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	say("profiling %s into %s", server.Name, file)
	if err := server.Ask("profile "+path, nil); err != nil {
		return err
	}
	err = work()
	return errors.Join(err, server.Ask("profiled", nil))
}
