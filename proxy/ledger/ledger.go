package ledger

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// Ledger is the whole account. Its methods may be called concurrently.
type Ledger struct {
	epoch   time.Time
	heard   func() Heard
	limits  sync.Map // name of a limit → *atomic.Int64
	reloads Reloads

	connections func() int // nil if nobody knows

	mu      sync.Mutex
	routes  []*Route        // those that there are
	former  []*Route        // those that there were, the last one to go last
	rest    *Route          // all that were before those
	budgets []func() Budget // of the upstreams that have one
	serving []func() []Server
}

// New returns an empty account.
func New() *Ledger {
	l := &Ledger{epoch: time.Now()}
	l.rest = l.newRoute("", 0)
	l.reloads.Began("", l.epoch)
	return l
}

// Reloads is the account of configurations.
func (l *Ledger) Reloads() *Reloads { return &l.reloads }

// Route adds a route whose clients would poll once per interval.
func (l *Ledger) Route(name string, interval time.Duration) *Route {
	r := l.newRoute(name, interval)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.routes = append(l.routes, r)
	return r
}

func (l *Ledger) newRoute(name string, interval time.Duration) *Route {
	return &Route{name: name, held: held{epoch: l.epoch, interval: interval}, limits: &l.limits}
}

// Connected has the number of clients' connections told with the rest. Not to be
// called once the ledger is being read; count may be called at any time.
func (l *Ledger) Connected(count func() int) { l.connections = count }

func (l *Ledger) connected() int64 {
	if l.connections == nil {
		return 0
	}
	return int64(l.connections())
}

// LimitHit counts that a limit was reached.
func (l *Ledger) LimitHit(name string) { add(&l.limits, name) }

// Route is the account of one route. Its methods may be called concurrently.
type Route struct {
	name string

	requests    [upgrade.Transports]atomic.Int64
	polls       atomic.Int64
	passes      atomic.Int64
	inquiries   atomic.Int64
	notModified atomic.Int64
	errors      atomic.Int64

	saved       atomic.Int64
	savedBytes  atomic.Int64
	savedMicros atomic.Int64
	held        held
	subscribers [upgrade.Transports]atomic.Int64

	feeds      atomic.Int64
	updates    atomic.Int64
	deliveries atomic.Int64
	staleness  Histogram
	delivery   Histogram

	unshared sync.Map  // reason → *atomic.Int64
	limits   *sync.Map // the ledger's

	observer atomic.Pointer[Observer] // nil if nobody does
}

func add(m *sync.Map, name string) { addTo(m, name, 1) }

// Requested counts a client's request.
func (r *Route) Requested(t upgrade.Transport) { r.requests[t].Add(1) }

// Saved counts a request that was answered at once without one to the origin,
// which would have sent so many bytes of body and taken so long.
func (r *Route) Saved(bytes int, took time.Duration) {
	r.saved.Add(1)
	r.savedBytes.Add(int64(bytes))
	r.savedMicros.Add(took.Microseconds())
}

// Served notes how old the snapshot was that a poll was answered with.
func (r *Route) Served(staleness time.Duration) { r.staleness.Observe(staleness) }

// Passed counts a request that went to the origin as it was.
func (r *Route) Passed() { r.passes.Add(1) }

// Inquired counts a question to the origin whether it lets a client in.
func (r *Route) Inquired() { r.inquiries.Add(1) }

// PassFailed counts one that the origin did not answer.
func (r *Route) PassFailed() { r.errors.Add(1) }

// Unshared counts a request that could not be answered from a poll, and why.
func (r *Route) Unshared(reason string) { add(&r.unshared, reason) }

// Subscriber is the account of one held client.
type Subscriber struct {
	route     *Route
	transport upgrade.Transport
	since     time.Time
}

// Held counts a subscriber, from now on.
func (r *Route) Held(t upgrade.Transport) *Subscriber {
	s := &Subscriber{route: r, transport: t}
	s.Back(time.Now())
	return s
}

// Delivered counts an update that was written to the subscriber. What was known
// before it came has not been on its way to it since then, and is no older than its
// last poll. Any other update makes what the subscriber had until now outdated, for
// as long as there may have been one.
func (s *Subscriber) Delivered(u *upgrade.Update) {
	now := time.Now()
	s.route.deliveries.Add(1)
	outdated := u.After
	if u.Received.Before(s.since) || outdated.IsZero() {
		outdated = u.Polled
	}
	s.route.staleness.Observe(now.Sub(outdated))
	if u.Received.Before(s.since) {
		s.route.delivery.Observe(now.Sub(s.since))
	} else {
		s.route.delivery.Observe(now.Sub(u.Received))
	}
}

// Back counts a subscriber that has left, and is held again from now on.
func (s *Subscriber) Back(now time.Time) {
	s.route.subscribers[s.transport].Add(1)
	s.route.held.add(1)
	s.since = now
}

// Left is called when the subscriber leaves.
func (s *Subscriber) Left() {
	s.route.held.add(-1)
	s.route.subscribers[s.transport].Add(-1)
}

// Polled implements feed.Meter.
func (r *Route) Polled(_ time.Duration, _ int64, unchanged bool, failure string) {
	r.polls.Add(1)
	if unchanged {
		r.notModified.Add(1)
	}
	if failure != "" {
		r.errors.Add(1)
	}
}

// PolledAgain implements feed.Meter.
func (r *Route) PolledAgain() { r.polls.Add(1) }

// Updated implements feed.Meter.
func (r *Route) Updated() { r.updates.Add(1) }

// LimitHit implements feed.Meter.
func (r *Route) LimitHit(name string) { add(r.limits, name) }

// Opened implements feed.Meter.
func (r *Route) Opened() { r.feeds.Add(1) }

// Closed implements feed.Meter.
func (r *Route) Closed() { r.feeds.Add(-1) }

// Pace says that clients would poll once per interval, from now on.
func (r *Route) Pace(interval time.Duration) { r.held.pace(interval) }

// estimated is how many polls the held clients would have sent.
func (r *Route) estimated() int64 { return r.held.polls() }
