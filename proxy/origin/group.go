package origin

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"
)

// GroupOptions are what a group is made of.
type GroupOptions struct {
	Upstream string // its name, for logs
	Servers  []*url.URL
	TLS      *tls.Config // towards https servers; nil means the system's roots
	Check    *Check      // nil: none
	Log      *slog.Logger

	// Rest says for how long an answer wants the server that gave it to be left
	// alone. Nil: none ever does.
	Rest func(*Response, time.Time) time.Duration
}

// Group is the servers of one upstream. Its lines may be used concurrently.
//
//	                ┌─► server ─► Client (polls), Client (passes)
//	Line ─► choose ─┼─► server
//	         ▲      └─► server
//	         └── standing ◄── what came of requests, and of checks
//
// Of one server nothing is asked but that it be there: whatever its standing, there
// is no other.
type Group struct {
	Polls, Passes *Line

	upstream string
	log      *slog.Logger
	check    *Check
	rest     func(*Response, time.Time) time.Duration
	servers  []*Server
	random   func() float64
	extra    extra

	mu   sync.Mutex // guards the standing of servers
	turn int        // moves on, so that ties are not always the same server's

	cancel  context.CancelFunc
	running sync.WaitGroup // the watches of servers
}

// NewGroup returns a group of at least one server. Where there are several, or
// checks, each has a goroutine until Close.
func NewGroup(o GroupOptions) *Group {
	g := &Group{upstream: o.Upstream, log: o.Log, check: o.Check, rest: o.Rest, random: rand.Float64, extra: newExtra()}
	if g.log == nil {
		g.log = slog.Default()
	}
	g.Polls, g.Passes = &Line{group: g, polls: true}, &Line{group: g}
	for _, u := range o.Servers {
		s := newServer(g, u, o.TLS)
		g.servers = append(g.servers, s)
		g.Polls.clients = append(g.Polls.clients, s.polls)
		g.Passes.clients = append(g.Passes.clients, s.passes)
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	if len(g.servers) > 1 || g.check != nil {
		for _, s := range g.servers {
			g.running.Add(1)
			go s.watch(ctx) // waited for by Close
		}
	}
	return g
}

// Close ends the checks and closes the idle connections. Requests under way go on to
// their ends.
func (g *Group) Close() {
	g.cancel()
	g.running.Wait()
	for _, s := range g.servers {
		s.close()
	}
}

// Reach returns nil once any server has been reached, and tries all of them until
// then. Its error says why there is none.
func (g *Group) Reach(ctx context.Context) error {
	for _, s := range g.servers {
		if s.reached.Load() {
			return nil
		}
	}
	outcomes := make(chan error, len(g.servers))
	ctx, cancel := context.WithCancel(ctx)
	for _, s := range g.servers {
		go func() { // waited for below
			err := s.passes.Reach(ctx)
			if err == nil {
				s.reached.Store(true)
			}
			outcomes <- err
		}()
	}
	var first error
	reached := false
	for range g.servers {
		err := <-outcomes
		if err == nil {
			reached = true
			cancel() // one is enough
		}
		if first == nil || errors.Is(first, context.Canceled) {
			first = err
		}
	}
	cancel()
	if reached {
		return nil
	}
	return first
}

// Standings are those of all servers, in the order in which they are configured.
func (g *Group) Standings() []Standing {
	all := make([]Standing, 0, len(g.servers))
	for _, s := range g.servers {
		all = append(all, s.standing())
	}
	return all
}
