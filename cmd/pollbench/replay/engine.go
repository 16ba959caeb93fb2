package replay

import (
	"context"
	"fmt"
	"math"

	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// policy decides when to poll. Times are seconds from the beginning of the trace,
// and never go back.
type policy interface {
	// next is which resource is polled next, and when: at is not before now.
	// If resource is negative nobody may be polled before at, which is then
	// after now, and next is asked again.
	next(now float64) (resource int, at float64)

	// polled tells what the poll that next asked for has seen.
	polled(resource int, now float64, saw observation)
}

// observation is what a poll saw.
type observation struct {
	// changed is whether it is something else than the poll before saw, or the
	// beginning.
	changed bool

	// instant is when it last changed; NaN if it does not tell, or never has.
	instant float64
}

// breath is after how many turns it is time to look whether anybody still wants to
// know.
const breath = 1 << 14

// play replays a trace to a policy.
func play(ctx context.Context, t *trace.Trace, p policy) (Outcome, error) {
	return playFrom(ctx, t, 0, p)
}

// playFrom is play, but that what is before an instant does not count: the policy has
// learned meanwhile.
func playFrom(ctx context.Context, t *trace.Trace, from float64, p policy) (Outcome, error) {
	e := engine{feeds: make([]feed, len(t.Resources)), from: from, seen: NewAges(from, t.Horizon)}
	for i, r := range t.Resources {
		e.feeds[i] = feed{Resource: r}
	}
	for turn := 0; e.now < t.Horizon; turn++ {
		if turn%breath == 0 && ctx.Err() != nil {
			return Outcome{}, ctx.Err()
		}
		if err := e.turn(p, t.Horizon); err != nil {
			return Outcome{}, err
		}
	}
	for i := range e.feeds {
		e.feeds[i].poll(t.Horizon, e.seen)
	}
	return e.seen.Outcome(t.Subscribers(), e.polls), nil
}

// engine is a simulation as it goes on.
type engine struct {
	now   float64
	feeds []feed
	from  float64 // when it begins to count
	polls int     // since then
	seen  *Ages
}

// turn does what the policy wants next, unless that is at the horizon or later.
func (e *engine) turn(p policy, horizon float64) error {
	i, at := p.next(e.now)
	if !(at > e.now || at == e.now && i >= 0) || i >= len(e.feeds) {
		return fmt.Errorf("at %v s the policy wants resource %d of %d at %v s", e.now, i, len(e.feeds), at)
	}
	if e.now = at; i < 0 || at >= horizon {
		return nil
	}
	if at >= e.from {
		e.polls++
	}
	p.polled(i, at, e.feeds[i].poll(at, e.seen))
	return nil
}

// feed is a resource as the simulation goes on.
type feed struct {
	trace.Resource
	happened int // changes
	seen     int // of them, by a poll
}

// poll looks, and notes how long somebody did not know.
func (f *feed) poll(now float64, seen *Ages) observation {
	for f.happened < len(f.Changes) && f.Changes[f.happened] <= now {
		f.happened++
	}
	saw := observation{changed: f.happened > f.seen, instant: math.NaN()}
	if saw.changed {
		seen.Add(f.Changes[f.seen], now, f.Weight)
		f.seen = f.happened
	}
	if f.Instants && f.happened > 0 {
		saw.instant = f.Changes[f.happened-1]
	}
	return saw
}
