package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
)

// join fills a side with clients, and waits until the server holds them all and
// each has a version.
func (one *side) join(ctx context.Context, n int) error {
	var s audience.State
	if err := one.ask(fmt.Sprintf("join %d", n), &s); err != nil {
		return err
	}
	if one.name == nchan {
		return one.await(1)
	}
	err := await(ctx, "the server to hold everybody", func() (bool, error) {
		var now child.Sample
		err := one.server.Ask("sample", &now)
		return now.Held >= int64(s.Held), err
	})
	if err != nil || one.name == bareLoop {
		return err
	}
	return one.await(1)
}

// ask asks the audience for a state, which has to be good.
func (one *side) ask(order string, s *audience.State) error {
	if err := one.crowd.Ask(order, s); err != nil {
		return err
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s of %s: %s: %w", one.kind, one.name, order, err)
	}
	return nil
}

func (one *side) await(version int64) error {
	return one.ask(fmt.Sprintf("await %d", version), &audience.State{})
}

// A server that uses less than idleUse in idleLook has nothing to do.
const (
	idleLook = 20 * time.Millisecond
	idleUse  = time.Millisecond
)

// rest waits until the server has nothing to do, and returns its CPU time so far.
// One that always has something is not waited for any longer.
func (one *side) rest(ctx context.Context) (cpu time.Duration, err error) {
	for range 50 {
		before, err := one.server.CPU()
		if err != nil {
			return 0, err
		}
		if !wait(ctx, idleLook) {
			return 0, ctx.Err()
		}
		if cpu, err = one.server.CPU(); err != nil || cpu-before < idleUse {
			return cpu, err
		}
	}
	return cpu, nil
}

// burstLap is a lap of bursts.
type burstLap struct {
	audience.Lap
	lap
	polls int64 // that the origin of pollmux got
}

// bursts publishes again and again, each time when the last client has heard of the
// version before, and not before the pace.
func (one *side) bursts(ctx context.Context, n int, pace time.Duration) (l burstLap, err error) {
	if err := one.crowd.Ask("begin", nil); err != nil {
		return l, err
	}
	before, err := one.rest(ctx)
	if err != nil {
		return l, err
	}
	polls, err := one.polls()
	start := time.Now()
	for range n {
		if err != nil {
			return l, err
		}
		err = one.burst(ctx)
		if over := pace - time.Since(start)%max(pace, 1); pace > 0 && !wait(ctx, over) {
			return l, errors.Join(err, ctx.Err())
		}
	}
	l.took = time.Since(start)
	after, failure := one.rest(ctx)
	l.cpu = after - before
	err = errors.Join(err, failure, one.crowd.Ask("lap", &l.Lap))
	l.units = float64(l.Deliveries)
	now, failure := one.polls()
	l.polls = now - polls
	return l, errors.Join(err, failure)
}

func (one *side) burst(ctx context.Context) error {
	version, err := one.publish(ctx)
	if err != nil {
		return err
	}
	return one.await(version)
}

// polls is how many requests the origin got so far.
func (one *side) polls() (n int64, err error) {
	if one.origin == nil {
		return 0, nil
	}
	err = one.origin.Ask("count", &n)
	return n, err
}
