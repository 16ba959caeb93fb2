package bench

import (
	"context"
	"errors"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// half is one half of a run, with a stretch of the bare loop behind it.
type half struct {
	took       time.Duration
	polls      int64 // that the origin got
	deliveries int64
	cpu        time.Duration // of the proxy

	samples []sample

	loopMessages int64
	loopCPU      time.Duration
}

// sample is the proxy at one instant.
type sample struct {
	rss        int64
	goroutines int64
}

// half lets the origin change for half of the time, and waits until everybody
// has its last version; then it is the bare loop's turn.
func (b *mixed) half(ctx context.Context, number int) error {
	h := &b.halves[number]
	b.options.Say("fan, mixed: half %d of %d", number+1, len(b.halves))
	cpu, deliveries := b.proxy.CPU, b.watch.deliveries()
	before, err := cpu()
	if err != nil {
		return err
	}
	last, err := b.move(ctx, h)
	if err != nil {
		return err
	}
	if err := b.settle(ctx, last); err != nil {
		return err
	}
	after, err := cpu()
	h.cpu, h.deliveries = after-before, b.watch.deliveries()-deliveries
	return errors.Join(err, b.bareLoop(ctx, h))
}

// move lets the origin change for half of the time, and returns its last
// version.
func (b *mixed) move(ctx context.Context, h *half) (last int64, err error) {
	var before, after int64
	start := time.Now()
	if err := errors.Join(b.origin.Ask("count", &before), b.origin.Ask("resume", nil)); err != nil {
		return 0, err
	}
	if err := b.sampling(ctx, h, start.Add(b.options.For/2)); err != nil {
		return 0, err
	}
	err = errors.Join(b.origin.Ask("freeze", &last), b.origin.Ask("count", &after))
	h.took, h.polls = time.Since(start), after-before
	return last, err
}

// samples is how many are taken per half.
const samples = 24

// sampling looks at the proxy now and then, until end.
func (b *mixed) sampling(ctx context.Context, h *half, end time.Time) error {
	tick := time.NewTicker(max(time.Until(end)/samples, time.Millisecond))
	defer tick.Stop()
	for time.Now().Before(end) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		var now child.Sample
		if err := b.proxy.Ask("sample", &now); err != nil {
			return err
		}
		rss, err := b.proxy.RSS()
		if err != nil {
			return err
		}
		h.samples = append(h.samples, sample{rss: rss, goroutines: int64(now.Goroutines)})
	}
	return nil
}

// settle waits for the last version to arrive.
func (b *mixed) settle(ctx context.Context, last int64) error {
	return awaitLast(ctx, b.options.Interval+b.options.Allow, b.crowd, func() int {
		b.behind = b.watch.behind(last)
		return b.behind
	})
}

// awaitLast waits until nobody is behind, or somebody was lost, or a time has
// passed after which nobody will get the last version any more: then the verdict
// tells.
func awaitLast(ctx context.Context, due time.Duration, crowd *load.Crowd, behind func() int) error {
	ctx, cancel := context.WithTimeout(ctx, due+patience/2)
	defer cancel()
	err := await(ctx, "the last version", func() (bool, error) {
		return behind() == 0 || len(crowd.Dropped()) > 0, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
