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
	if err := one.ask(fmt.Sprintf("join %d", n), &audience.State{}); err != nil {
		return err
	}
	if one.name == nchan {
		return one.await(1)
	}
	if err := one.holds(ctx, n); err != nil || one.name == bareLoop {
		return err
	}
	return one.await(1)
}

// holds waits until the server holds so many.
func (one *side) holds(ctx context.Context, n int) error {
	return await(ctx, "the server to hold everybody", func() (bool, error) {
		var now child.Sample
		err := one.server.Ask("sample", &now)
		return now.Held == int64(n), err
	})
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
	clients time.Duration // their CPU time
	polls   int64         // that the origin of pollmux got, in so much time
	over    time.Duration
}

// measure is what the side uses while work makes it tell its audience something. If
// it always has something to do, because there are many feeds to poll, it is not
// waited for before and after.
func (one *side) measure(ctx context.Context, busy bool, work func() error) (l burstLap, err error) {
	polls, err := one.polls()
	if err != nil {
		return l, err
	}
	began := time.Now()
	if err := one.crowd.Ask("begin", nil); err != nil {
		return l, err
	}
	before, clients, err := one.used(ctx, busy)
	if err != nil {
		return l, err
	}
	start := time.Now()
	if err := work(); err != nil {
		return l, err
	}
	l.took = time.Since(start)
	after, clientsAfter, err := one.used(ctx, busy)
	if err != nil {
		return l, err
	}
	l.cpu, l.clients = after-before, clientsAfter-clients
	if err := one.crowd.Ask("lap", &l.Lap); err != nil {
		return l, err
	}
	l.units = float64(l.Deliveries)
	now, err := one.polls()
	l.polls, l.over = now-polls, time.Since(began)
	return l, err
}

// used is the CPU time of the server and of the clients so far.
func (one *side) used(ctx context.Context, busy bool) (server, clients time.Duration, err error) {
	if busy {
		server, err = one.server.CPU()
	} else {
		server, err = one.rest(ctx)
	}
	clients, failure := one.crowd.CPU()
	return server, clients, errors.Join(err, failure)
}

// bursts publishes again and again, each time when the last client has heard of the
// version before.
func (one *side) bursts(ctx context.Context, n int, busy bool) (burstLap, error) {
	return one.measure(ctx, busy, func() error {
		for range n {
			if err := one.burst(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (one *side) burst(ctx context.Context) error {
	version, err := one.publish(ctx)
	if err != nil {
		return err
	}
	return one.await(version)
}

// pulse publishes at a pace, whoever has heard of the version before, and waits for
// the last one.
func (one *side) pulse(ctx context.Context, n int, every time.Duration) (burstLap, error) {
	return one.measure(ctx, false, func() error {
		tick := time.NewTicker(every)
		defer tick.Stop()
		var last int64
		for range n {
			version, err := one.publish(ctx)
			if err != nil {
				return err
			}
			last = version
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return one.await(last)
	})
}

// polls is how many requests the origin got so far.
func (one *side) polls() (n int64, err error) {
	if one.origin == nil {
		return 0, nil
	}
	err = one.origin.Ask("count", &n)
	return n, err
}
