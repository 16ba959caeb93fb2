package bench

import (
	"context"
	"errors"
	"time"
)

// stretch is a time under load, and what was left of it.
type stretch struct {
	visits, asked, hung, drops int64
	dribbled                   int64
	held                       time.Duration
	requests                   int64         // that the origin got
	recovery                   time.Duration // until the audience had something newer than the faults
	recovered                  bool
	left                       leftover
}

// stretch has everybody come, lets everything break, ends that, and waits until
// nothing is left to be done.
func (b *soak) stretch(ctx context.Context, st *stretch, d time.Duration) error {
	for range b.crests {
		if err := errors.Join(b.crest(ctx), b.ebb(ctx)); err != nil {
			return err
		}
	}
	var before, after int64
	if err := b.origin.Ask("requests", &before); err != nil {
		return err
	}
	t := b.newTraffic()
	b.traffic = t
	if err := t.Start(ctx); err != nil {
		return err
	}
	err := errors.Join(b.origin.Ask("break", nil), b.storm(ctx, d))
	if err == nil {
		err = b.recover(ctx, st)
	}
	t.Stop()
	if err != nil {
		return err
	}
	if err := errors.Join(b.settle(ctx, st), b.origin.Ask("requests", &after)); err != nil {
		return err
	}
	st.visits, st.asked, st.hung, st.drops = t.Told.Visits.Load(), t.Told.Asked.Load(), t.Told.Hung.Load(), t.Told.Drops.Load()
	st.held, st.requests, st.dribbled = t.Told.Held(), after-before, t.Told.Dribbled.Load()
	return nil
}

// How often an origin goes down altogether, for how long, and how often it is
// told how things are.
const (
	outageEvery = 5 * time.Second
	outageTime  = soakSpell
	tellEvery   = 10 * time.Second
)

// storm waits until the time is over. Now and then the origin is gone.
func (b *soak) storm(ctx context.Context, d time.Duration) error {
	began := time.Now()
	told := began
	for time.Since(began) < d {
		if !wait(ctx, max(min(outageEvery, d-time.Since(began))-outageTime, 0)) {
			return ctx.Err()
		}
		if err := b.origin.Ask("down", nil); err != nil {
			return err
		}
		wait(ctx, outageTime)
		if err := b.origin.Ask("up", nil); err != nil {
			return err
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			b.options.Say("soak: %v of %v: %s", time.Since(began).Round(time.Second), d, b.state())
		}
	}
	return ctx.Err()
}

// wait waits, and reports whether there is time left.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// recover ends the faults, and notes how long it takes the audience to hear of
// something that is newer.
func (b *soak) recover(ctx context.Context, st *stretch) error {
	var version int64
	if err := errors.Join(b.origin.Ask("heal", nil), b.origin.Ask("version", &version)); err != nil {
		return err
	}
	began := time.Now()
	err := await(ctx, "the audience to hear of something new", func() (bool, error) { return b.traffic.Behind(version) == 0, nil })
	st.recovery, st.recovered = time.Since(began), err == nil
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // the verdict tells
	}
	return err
}
