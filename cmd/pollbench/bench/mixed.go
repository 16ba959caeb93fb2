package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// MixedOptions are those of Mixed.
type MixedOptions struct {
	Each     int // subscribers of each kind
	Kinds    []load.Kind
	For      time.Duration // in all; the bare loop takes half as long in addition
	Interval time.Duration
	Body     int
	Allow    time.Duration // how late a delivery may be beyond the interval
	Profile  string        // a file for pollmux's CPU profile; "" for none
	Say      Say
}

// Mixed holds clients of all kinds on one feed while the origin changes,
// and judges what became of them. In the middle and at the end, with the origin
// frozen, a bare loop writes messages of the same sizes to as many sockets.
func Mixed(ctx context.Context, o MixedOptions) (result *MixedResult, err error) {
	members := o.Each * len(o.Kinds)
	if err := allowDescriptors(2*members + spareDescriptors); err != nil {
		return nil, err
	}
	s, err := stage.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &mixed{options: o, members: members, watch: newWatch(members, o.Kinds)}
	if err := b.cast(s); err != nil {
		return nil, err
	}
	b.crowd = load.NewCrowd(b.proxy.Address, b.watch.see)
	defer b.crowd.Close()
	if err := b.gather(ctx); err != nil {
		return nil, err
	}
	for number := range b.halves {
		if err := b.half(ctx, number); err != nil {
			return nil, err
		}
	}
	result = b.result()
	return result, b.profile(ctx)
}

// mixed is a benchmark under way.
type mixed struct {
	options             MixedOptions
	members             int
	origin, proxy, loop *stage.Process
	crowd               *load.Crowd
	watch               *watch
	halves              [2]half
	loopLate            load.Histogram
	behind              int // members without the last version, at the end
}

func (b *mixed) cast(s *stage.Stage) (err error) {
	o := b.options
	if b.origin, err = s.Child(child.Origin, child.OriginOptions{Body: o.Body, Interval: o.Interval}); err != nil {
		return err
	}
	if b.proxy, err = startPollmux(s, b.origin.Address, fmt.Sprintf("interval: %v, wait: 1h", o.Interval)); err != nil {
		return err
	}
	b.loop, err = s.Child(child.Loop, child.LoopOptions{})
	return err
}

// gather connects everybody, and returns when the proxy holds all of them and
// each has a snapshot.
func (b *mixed) gather(ctx context.Context) error {
	for _, k := range b.options.Kinds {
		b.options.Say("fan, mixed: connecting %d of %s", b.options.Each, k)
		if err := b.crowd.Subscribe(ctx, k, child.Moving, b.options.Each); err != nil {
			return err
		}
	}
	return b.whole(ctx, "the proxy to hold everybody", func() (bool, error) {
		var now child.Sample
		err := b.proxy.Ask("sample", &now)
		return now.Held == int64(b.members) && b.watch.arrived() == b.members, err
	})
}

// whole waits for something that will not happen any more once a member is
// lost.
func (b *mixed) whole(ctx context.Context, what string, there func() (bool, error)) error {
	return await(ctx, what, func() (bool, error) {
		if lost := b.crowd.Dropped(); len(lost) > 0 {
			return false, fmt.Errorf("wait for %s: %d were dropped, the first: %w", what, len(lost), lost[0])
		}
		return there()
	})
}
