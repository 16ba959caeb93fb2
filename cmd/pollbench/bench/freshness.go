package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/replay"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

// FreshnessOptions are those of Freshness.
type FreshnessOptions struct {
	Trace  *trace.Trace  // as long as Warm and For, weights that are whole numbers
	Budget float64       // requests per second
	Warm   time.Duration // of the trace, at its beginning, that does not count
	For    time.Duration // of it that does
	Seed   uint64        // of the simulation's randomness
	Bars   bool
	Say    Say
}

// Freshness replays a trace in real time, over real sockets, to subscribers behind
// pollmux with a budget, measures how stale they are, and compares that with a
// simulation of the same.
func Freshness(ctx context.Context, o FreshnessOptions) (result *FreshnessResult, err error) {
	b := &freshness{options: o, watch: newFreshnessWatch(o.Trace)}
	if err := allowDescriptors(2*len(b.watch.members) + spareDescriptors); err != nil {
		return nil, err
	}
	if b.simulated, err = simulate(ctx, o); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := b.cast(s); err != nil {
		return nil, err
	}
	if err := b.play(ctx); err != nil {
		return nil, err
	}
	return b.result(), nil
}

// Simulations is how many there are: the mean of so many is hardly by chance any more.
const Simulations = 20

// simulate replays the trace to price polling, each time with other random numbers.
func simulate(ctx context.Context, o FreshnessOptions) (all []replay.Outcome, err error) {
	for i := range uint64(Simulations) {
		one, err := replay.Price(ctx, o.Trace, o.Warm.Seconds(), replay.Options{Budget: o.Budget, Seed: o.Seed + i})
		if err != nil {
			return nil, fmt.Errorf("simulate: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}

// freshnessConfig is pollmux's configuration. Its verbs are the budget, the origin,
// and the paths of those that do not tell when they changed, and of those that do.
const freshnessConfig = `upstreams: {origin: {servers: ["http://%[2]s"], timeout: 60s, budget: %[1]s/s}}
routes:
  - {path: %[3]s**, upstream: origin, interval: {min: 10ms, max: 24h}}
  - {path: %[4]s**, upstream: origin, interval: {min: 10ms, max: 24h}, changed_at: /changed}
`

// freshnessBody is the bytes of each resource.
const freshnessBody = 200

// freshness is a benchmark under way.
type freshness struct {
	options       FreshnessOptions
	simulated     []replay.Outcome
	origin, proxy *stage.Process
	watch         *freshnessWatch
	crowd         *load.Crowd
	gathered      time.Duration // after the beginning, that everybody was there
	arrivals      []int64       // of requests at the origin, in Unix nanoseconds
	late          time.Duration // that it was to note one, at most
}

func (b *freshness) cast(s *stage.Stage) error {
	var text bytes.Buffer
	if err := b.options.Trace.Write(&text); err != nil {
		return err
	}
	file, err := s.File("trace.json", text.Bytes())
	if err != nil {
		return err
	}
	if b.origin, err = s.Child(child.Replay, child.ReplayOptions{Trace: file, Body: freshnessBody}); err != nil {
		return err
	}
	budget := strconv.FormatFloat(b.options.Budget, 'f', -1, 64)
	b.proxy, err = startConfigured(s, fmt.Appendf(nil, freshnessConfig, budget, b.origin.Address, child.Silent, child.Telling))
	return err
}

// play has the trace begin, and the subscribers come meanwhile, as in the
// simulation: what they find first is news to nobody.
func (b *freshness) play(ctx context.Context) error {
	o := b.options
	b.crowd = load.NewCrowd(b.proxy.Address, b.watch.see)
	defer b.crowd.Close()
	var began int64
	if err := b.origin.Ask("begin", &began); err != nil {
		return err
	}
	b.watch.began = time.Unix(0, began)
	if err := b.gather(ctx); err != nil {
		return err
	}
	if b.gathered = time.Since(b.watch.began); b.gathered > o.Warm {
		return fmt.Errorf("%d subscribers took %v to come, more than the warm-up of %v", len(b.watch.members), b.gathered, o.Warm)
	}
	o.Say("freshness: they are there; %v in all", o.Warm+o.For)
	if !wait(ctx, time.Until(b.watch.began.Add(o.Warm+o.For))) {
		return ctx.Err()
	}
	return errors.Join(b.origin.Ask("arrivals", &b.arrivals), b.origin.Ask("late", &b.late), errors.Join(b.crowd.Dropped()...))
}

// gather has the subscribers come, one resource after the other.
func (b *freshness) gather(ctx context.Context) error {
	b.options.Say("freshness: %d subscribers of %d resources", len(b.watch.members), len(b.options.Trace.Resources))
	for i, r := range b.options.Trace.Resources {
		if err := b.crowd.Subscribe(ctx, load.SSE, child.ReplayPath(r, i), int(r.Weight)); err != nil {
			return err
		}
	}
	return await(ctx, "everybody to have a snapshot", func() (bool, error) {
		return b.watch.arrived() == len(b.watch.members), errors.Join(b.crowd.Dropped()...)
	})
}
