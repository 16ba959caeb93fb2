package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// IdleOptions are those of Idle.
type IdleOptions struct {
	N     int // subscribers of one kind
	Kinds []load.Kind
	Say   Say
}

// The references.
const (
	socketOnly = "bare socket"
	goroutine  = "bare goroutine"
	stream     = "bare fasthttp"
)

// smaller is the share of the clients that the smaller size has.
const smaller = 4

// Idle measures the memory of idle subscribers by kind, each in a proxy of their
// own.
func Idle(ctx context.Context, o IdleOptions) (*IdleResult, error) {
	if err := allowDescriptors(o.N + spareDescriptors); err != nil {
		return nil, err
	}
	r := &IdleResult{Sizes: [2]int{max(o.N/smaller, 1), o.N}}
	b := &idle{options: o, sizes: r.Sizes}
	for _, one := range b.candidates() {
		o.Say("idle: %d of %s", o.N, one.name)
		f, err := b.weigh(ctx, one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		r.Rows = append(r.Rows, f)
	}
	r.compare()
	return r, nil
}

// spareDescriptors is for what is not a client: listeners, pipes, files,
// connections to the origin.
const spareDescriptors = 200

type idle struct {
	options IdleOptions
	sizes   [2]int
}

// candidate is a server that holds clients, and how they join.
type candidate struct {
	name  string
	start func(s *stage.Stage) (*stage.Process, error)
	join  func(ctx context.Context, c *load.Crowd, n int) error
}

func (b *idle) candidates() []candidate {
	receive := func(ctx context.Context, c *load.Crowd, n int) error { return c.Receive(ctx, child.LeastBody, n) }
	loop := func(o child.LoopOptions) func(*stage.Stage) (*stage.Process, error) {
		return func(s *stage.Stage) (*stage.Process, error) { return s.Child(child.Loop, o) }
	}
	all := []candidate{
		{socketOnly, loop(child.LoopOptions{}), receive},
		{goroutine, loop(child.LoopOptions{Listen: true}), receive},
		{stream, startStream, subscribe(load.NDJSON)},
	}
	for _, k := range b.options.Kinds {
		all = append(all, candidate{string(k), startIdle, subscribe(k)})
	}
	return all
}

func subscribe(k load.Kind) func(ctx context.Context, c *load.Crowd, n int) error {
	return func(ctx context.Context, c *load.Crowd, n int) error { return c.Subscribe(ctx, k, child.Fixed, n) }
}

func startStream(s *stage.Stage) (*stage.Process, error) { return s.Child(child.Stream, struct{}{}) }

// idleBody is the size of the snapshot, which all subscribers share.
const idleBody = 500

// startIdle starts pollmux so that nothing happens.
func startIdle(s *stage.Stage) (*stage.Process, error) {
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: idleBody})
	if err != nil {
		return nil, err
	}
	return startPollmux(s, origin.Address, "interval: 1h, wait: 1h, keepalive: 1h, websocket: {ping: 1h}")
}

// weighing is a server's memory with some clients.
type weighing struct{ asIs, rss, inUse int64 }

// weigh measures a server with both sizes.
func (b *idle) weigh(ctx context.Context, one candidate) (f Footprint, err error) {
	s, err := stage.New()
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	server, err := one.start(s)
	if err != nil {
		return f, err
	}
	crowd := load.NewCrowd(server.Address, func(*load.Member, []byte, int64) {})
	defer crowd.Close()
	var found [2]weighing
	for i, size := range b.sizes {
		if err := one.join(ctx, crowd, size-crowd.Size()); err != nil {
			return f, err
		}
		if found[i], err = weighOnce(ctx, server, crowd); err != nil {
			return f, err
		}
	}
	return b.slope(one.name, found), nil
}

// weighOnce measures a server once it holds the whole crowd.
func weighOnce(ctx context.Context, server *stage.Process, crowd *load.Crowd) (w weighing, err error) {
	var now child.Sample
	err = await(ctx, "the server to hold everybody", func() (bool, error) {
		err := server.Ask("sample", &now)
		return now.Held == int64(crowd.Size()), errors.Join(append(crowd.Dropped(), err)...)
	})
	if err != nil {
		return w, err
	}
	if w.asIs, err = server.RSS(); err != nil {
		return w, err
	}
	if err := server.Ask("settle", &now); err != nil {
		return w, err
	}
	w.inUse = now.InUse
	w.rss, err = server.RSS()
	return w, err
}

func (b *idle) slope(name string, w [2]weighing) Footprint {
	per := func(from, to int64) float64 {
		return rounded(float64(to-from) / float64(max(b.sizes[1]-b.sizes[0], 1)))
	}
	return Footprint{Server: name, RSS: per(w[0].rss, w[1].rss), AsIs: per(w[0].asIs, w[1].asIs), InUse: per(w[0].inUse, w[1].inUse)}
}
