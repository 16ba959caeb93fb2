package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// FanOptions are those of Fan.
type FanOptions struct {
	N       []int // subscribers, one table after the other
	Feeds   []int // among which they are spread
	Kinds   []load.Kind
	Rounds  int
	Bursts  int      // of each server in each round; 0: as many as it takes to tell
	Body    int      // bytes of a snapshot
	Coding  string   // of streams, whose bytes the loop writes as well; "": as they are
	Slow    float64  // the share of readers that stop, in an extra part; 0: none
	Bars    bool     // judge the bars, which takes time to tell
	Others  []string // other builds of this program, whose pollmux takes part
	Profile string   // a file for pollmux's CPU profile; "" for none
	Say     Say
}

// Fan measures what it costs to tell thousands of subscribers something new, by
// transport: CPU time per delivery, and when the last of them had it, against a
// loop of write(2) over as many sockets, and against nchan.
func Fan(ctx context.Context, o FanOptions) (result *FanResult, err error) {
	if err := allowDescriptors(slices.Max(o.N) + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f := &fan{options: o, stage: s, result: &FanResult{Missing: []string{}, Body: o.Body, Coding: o.Coding}}
	if f.result.Apart, err = s.Apart(); err != nil {
		return nil, err
	}
	for _, k := range o.Kinds {
		if err := f.kind(ctx, k); err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
	}
	if o.Slow > 0 {
		if err := f.slow(ctx); err != nil {
			return nil, fmt.Errorf("readers that stop: %w", err)
		}
	}
	f.result.judge(o.Bars)
	return f.result, nil
}

// fan is a benchmark under way.
type fan struct {
	options FanOptions
	stage   *stage.Stage
	result  *FanResult
}

// kind measures a transport, with each number of subscribers and of feeds.
func (f *fan) kind(ctx context.Context, k load.Kind) error {
	for _, n := range f.options.N {
		for _, feeds := range f.options.Feeds {
			if feeds > n {
				continue
			}
			if err := f.contest(ctx, k, n, feeds); err != nil {
				return err
			}
		}
	}
	return nil
}

// The interval of the route: as short as the origin and the proxy can stand with so
// many feeds, and no shorter than it takes to tell everybody.
const (
	shortInterval = 20 * time.Millisecond
	perSubscriber = 10 * time.Microsecond
	perFeed       = 500 * time.Microsecond
)

func (f *fan) scene(n, feeds int) *scene {
	interval := max(shortInterval, min(time.Duration(n)*perSubscriber, 5*shortInterval), time.Duration(feeds-1)*perFeed)
	return &scene{stage: f.stage, body: f.options.Body, interval: interval.Round(time.Millisecond), others: f.options.Others, coding: f.options.Coding}
}

// contest measures everybody with so many subscribers of one kind.
func (f *fan) contest(ctx context.Context, k load.Kind, n, feeds int) error {
	c := f.scene(n, feeds)
	all, err := f.cast(ctx, c, k, n, feeds)
	defer func() { f.result.Missing = union(f.result.Missing, c.missing) }()
	if err != nil {
		return err
	}
	m := &match{title: title(k, n, feeds), all: all, rounds: f.options.Rounds, say: f.options.Say}
	m.lap = func(ctx context.Context, one *side) (burstLap, error) {
		return one.bursts(ctx, f.bursts(n, feeds), feeds > 1)
	}
	if err := m.run(ctx); err != nil {
		return err
	}
	f.result.add(m, k, n, feeds, c.interval)
	if err := f.profile(ctx, m); err != nil {
		return err
	}
	return c.end(all)
}

func title(k load.Kind, n, feeds int) string {
	if feeds == 1 {
		return fmt.Sprintf("fan, %d of %s", n, k)
	}
	return fmt.Sprintf("fan, %d of %s on %d feeds", n, k, feeds)
}

// bursts is how many there are in a lap: enough for some tens of thousands of
// deliveries, unless that takes too long.
func (f *fan) bursts(n, feeds int) int {
	switch {
	case f.options.Bursts > 0:
		return f.options.Bursts
	case feeds > 1: // each takes an interval
		return 3
	}
	return max(3, min(30, 30_000/n))
}

// cast starts everybody, fills them with subscribers, and lets each tell them
// something once. The messages of the bare loop are as long as pollmux's.
func (f *fan) cast(ctx context.Context, c *scene, k load.Kind, n, feeds int) ([]*side, error) {
	f.options.Say("%s: connecting", title(k, n, feeds))
	all, err := c.pollmuxes(k, n, feeds)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if err := one.join(ctx, n); err != nil {
			return nil, err
		}
	}
	wire, err := all[0].wire(ctx)
	if err != nil {
		return nil, err
	}
	loop, err := c.loop(k, n, wire)
	if err != nil {
		return nil, err
	}
	peer, err := c.nchan(ctx, k, n)
	if err != nil {
		return nil, err
	}
	for _, one := range []*side{loop, peer} {
		if one == nil {
			continue
		}
		if err := one.join(ctx, n); err != nil {
			return nil, err
		}
		if err := one.burst(ctx); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// wire is how many bytes a delivery takes.
func (one *side) wire(ctx context.Context) (int, error) {
	l, err := one.bursts(ctx, 1, false)
	return int(l.Bytes / max(l.Deliveries, 1)), err
}

// profile has pollmux work once more, for its CPU profile.
func (f *fan) profile(ctx context.Context, m *match) error {
	return profiled(m.all[0].server, f.options.Profile, f.options.Say, func() error {
		for range m.rounds {
			if _, err := m.lap(ctx, m.all[0]); err != nil {
				return err
			}
		}
		return nil
	})
}

func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	return a
}
