package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/audience"
	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/stage"
)

// IdleOptions are those of Idle.
type IdleOptions struct {
	N      int // subscribers of one kind
	Points int // sizes at which memory is measured, beside none at all
	Kinds  []load.Kind
	Feed   int           // subscribers of an idle feed, whose CPU time is measured; 0: none
	For    time.Duration // for so long
	Bars   bool
	Others []string // other builds of this program, whose pollmux takes part
	Say    Say
}

// The references.
const (
	socketOnly = "bare socket"
	goroutine  = "bare goroutine"
	stream     = "bare fasthttp"
)

// Idle measures the memory of idle subscribers by kind, each in a server of their
// own, and the CPU time of a feed on which nothing happens.
func Idle(ctx context.Context, o IdleOptions) (*IdleResult, error) {
	if err := allowDescriptors(max(o.N, o.Feed) + spareDescriptors); err != nil {
		return nil, err
	}
	r := &IdleResult{Missing: []string{}}
	for point := range o.Points + 1 {
		r.Sizes = append(r.Sizes, o.N*point/o.Points)
	}
	b := &idle{options: o, sizes: r.Sizes}
	for _, one := range b.candidates() {
		o.Say("idle: up to %d of %s", o.N, one.name)
		f, err := b.weigh(ctx, one)
		if errors.Is(err, stage.ErrNotInstalled) {
			r.Missing = union(r.Missing, []string{nchan})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		r.Rows = append(r.Rows, f)
	}
	if err := b.feeds(ctx, r); err != nil {
		return nil, fmt.Errorf("idle feeds: %w", err)
	}
	r.complete(o.Bars)
	return r, nil
}

// spareDescriptors is for what is not a client: listeners, pipes, files,
// connections to the origin.
const spareDescriptors = 200

type idle struct {
	options IdleOptions
	sizes   []int
}

// candidate is a server that holds clients, and how they ask.
type candidate struct {
	name  string
	kind  load.Kind // "" of a reference
	ask   audience.Options
	start func(ctx context.Context, s *stage.Stage) (*stage.Process, error)
}

func (b *idle) candidates() []candidate {
	loop := func(o child.LoopOptions) func(context.Context, *stage.Stage) (*stage.Process, error) {
		return func(_ context.Context, s *stage.Stage) (*stage.Process, error) { return s.Child(child.Loop, o) }
	}
	all := []candidate{
		{name: socketOnly, ask: audience.Options{Wire: 1}, start: loop(child.LoopOptions{})},
		{name: goroutine, ask: audience.Options{Wire: 1}, start: loop(child.LoopOptions{Listen: true})},
		{name: stream, ask: audience.Options{Kind: load.NDJSON, Target: child.Step}, start: func(_ context.Context, s *stage.Stage) (*stage.Process, error) {
			return s.Child(child.Stream, struct{}{})
		}},
	}
	for _, k := range b.options.Kinds {
		for _, program := range append([]string{""}, b.options.Others...) {
			all = append(all, b.pollmux(program, k))
		}
		if k != load.NDJSON && k != load.Multipart {
			all = append(all, candidate{
				name: nchan + ", " + string(k), kind: k, ask: audience.Options{Kind: k, Target: stage.NchanSubscribe, Dated: true},
				start: b.nchan,
			})
		}
	}
	return all
}

// idleBody is the size of the snapshot, which all subscribers share.
const idleBody = 500

// pollmux is one that has nothing to tell.
func (b *idle) pollmux(program string, k load.Kind) candidate {
	return candidate{
		name: nameOf(program) + ", " + string(k), kind: k, ask: audience.Options{Kind: k, Target: child.Step},
		start: func(_ context.Context, s *stage.Stage) (*stage.Process, error) {
			return startIdle(s, program, b.options.N, "interval: 1h, wait: 1h, keepalive: 1h, websocket: {ping: 1h}")
		},
	}
}

// idleConfig is pollmux's configuration. The kernel looks after ten thousand silent
// connections in the same instant, which is more than the queue of the loopback
// device takes: one lost probe is no reason to end a connection here. Its verbs are
// the clients, the origin and what the route says.
const idleConfig = `limits: {subscribers: %d}
timeouts: {write: 10m}
upstreams: {origin: {servers: ["http://%s"], timeout: 60s}}
routes:
  - {path: /**, upstream: origin, %s}
`

func startIdle(s *stage.Stage, program string, clients int, route string) (*stage.Process, error) {
	origin, err := s.Child(child.Origin, child.OriginOptions{Body: idleBody})
	if err != nil {
		return nil, err
	}
	return startConfiguredOf(s, program, fmt.Appendf(nil, idleConfig, clients+spareClients, origin.Address, route))
}

// nchan is one that has told a message, so that long polls have something to wait
// behind.
func (b *idle) nchan(ctx context.Context, s *stage.Stage) (*stage.Process, error) {
	server, err := s.Nchan(ctx, b.options.N)
	if err != nil {
		return nil, err
	}
	return server, post(ctx, "http://"+server.Address+stage.NchanPublish, child.Published(1, time.Now(), idleBody))
}

// weigh measures a server with each number of clients.
func (b *idle) weigh(ctx context.Context, one candidate) (f Footprint, err error) {
	s, err := stage.New()
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	server, err := one.start(ctx, s)
	if err != nil {
		return f, err
	}
	all, err := one.side(s, server)
	if err != nil {
		return f, err
	}
	f = Footprint{Server: one.name, Kind: one.kind}
	before := 0
	for _, size := range b.sizes {
		if err := all.grow(ctx, size-before, size); err != nil {
			return f, err
		}
		before = size
		w, err := all.weighed(ctx)
		if err != nil {
			return f, err
		}
		f.Points = append(f.Points, w)
	}
	f.fit(b.sizes)
	return f, nil
}

// side is the server with its audience.
func (one candidate) side(s *stage.Stage, server *stage.Process) (all *side, err error) {
	one.ask.Address, one.ask.Size = server.Address, idleBody
	all = &side{name: one.name, kind: one.kind, server: server}
	all.crowd, err = s.Child(child.Audience, one.ask)
	return all, err
}

// grow lets n more come, and waits until the server holds all of them.
func (one *side) grow(ctx context.Context, n, all int) error {
	if n > 0 {
		if err := one.ask(fmt.Sprintf("join %d", n), &audience.State{}); err != nil {
			return err
		}
	}
	if one.server.Answers() {
		if err := one.holds(ctx, all); err != nil {
			return err
		}
	}
	_, err := one.rest(ctx)
	return err
}

// weighed measures the server's memory as it is, and once it has collected its
// garbage and given free memory back, if it can be told to.
func (one *side) weighed(ctx context.Context) (w Weighing, err error) {
	if w.AsIs, err = one.server.Memory(); err != nil || !one.server.Answers() {
		w.Memory = w.AsIs
		return w, err
	}
	var now child.Sample
	if err := one.server.Ask("settle", &now); err != nil {
		return w, err
	}
	w.InUse = now.InUse
	w.Memory, err = one.server.Memory()
	return w, errors.Join(err, ctx.Err())
}
