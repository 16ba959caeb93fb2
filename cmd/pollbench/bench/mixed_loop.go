package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
)

// bareLoop lets the loop write messages to as many sockets as there are
// subscribers, once per interval for a quarter of the time. They are as long as
// the deliveries were, on average of their kind.
func (b *mixed) bareLoop(ctx context.Context, h *half) (err error) {
	b.options.Say("fan, mixed: the bare loop")
	var got atomic.Int64
	crowd := load.NewCrowd(b.loop.Address, func(_ *load.Member, message []byte, _ int64) {
		b.stamp(message)
		got.Add(1)
	})
	defer crowd.Close()
	defer func() { err = errors.Join(err, b.loop.Ask("forget", nil)) }()
	for _, k := range b.options.Kinds {
		if err := crowd.Receive(ctx, max(b.watch.kinds[k].size(), child.LeastBody), b.options.Each); err != nil {
			return err
		}
	}
	if err := await(ctx, "the bare loop to hold everybody", b.loopHolds); err != nil {
		return err
	}
	before, err := b.loop.CPU()
	if err != nil {
		return err
	}
	if err := b.bursts(ctx, &got); err != nil {
		return err
	}
	after, err := b.loop.CPU()
	h.loopCPU, h.loopMessages = after-before, got.Load()
	return err
}

func (b *mixed) loopHolds() (bool, error) {
	var now child.Sample
	err := b.loop.Ask("sample", &now)
	return now.Held == int64(b.members), err
}

// bursts writes and waits for the arrival, again and again.
func (b *mixed) bursts(ctx context.Context, got *atomic.Int64) error {
	tick := time.NewTicker(b.options.Interval)
	defer tick.Stop()
	for n := range max(1, int(b.options.For/4/b.options.Interval)) {
		var burst child.Burst
		if err := b.loop.Ask("burst", &burst); err != nil {
			return err
		}
		want := int64(n+1) * int64(b.members)
		if err := await(ctx, "a burst of the bare loop", func() (bool, error) { return got.Load() == want, nil }); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stamp notes how late a message of the loop is.
func (b *mixed) stamp(message []byte) {
	if s, ok := child.ParseSnapshot(message); ok {
		b.loopLate.Add(time.Duration(time.Now().UnixNano() - s.Asked))
	}
}
