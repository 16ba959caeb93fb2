package feed

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// rig is a live set in front of a scripted origin.
type rig struct {
	t      testing.TB
	feeds  *Feeds
	origin *script
	other  Origin // in place of the script, if not nil
	share  *share.Policy
	outage Outage      // of all feeds
	turns  *Dispatcher // theirs too; nil: each polls by its own clock
	policy Policy
	meter  meter
	log    *slog.Logger
	begin  time.Time
}

// inBubble runs a story in a bubble. When it ends, nothing may be left of it.
func inBubble(t *testing.T, story func(t *testing.T, r *rig)) {
	t.Helper()
	inBubbleWith(t, Limits{}, story)
}

func inBubbleWith(t *testing.T, limits Limits, story func(t *testing.T, r *rig)) {
	t.Helper()
	eachBudget(t, func(t *testing.T, perSecond float64) {
		inBubbleOf(t, limits, perSecond, story)
	})
}

// inBubbleOf is for a story that a budget has a part in; 0 is none.
func inBubbleOf(t *testing.T, limits Limits, perSecond float64, story func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, limits)
		t.Cleanup(r.close)
		r.budget(perSecond)
		story(t, r)
	})
}

// generous is a budget that nobody notices: so many requests a second.
const generous = 1e9

// eachBudget has every story told twice: what feeds do by their own clocks they also
// do when their upstream has a budget, if that is large enough.
func eachBudget(t *testing.T, test func(t *testing.T, perSecond float64)) {
	t.Helper()
	t.Run("alone", func(t *testing.T) { test(t, 0) })
	t.Run("in turn", func(t *testing.T) { test(t, generous) })
}

func newRig(t testing.TB, limits Limits) *rig {
	r := &rig{
		t: t, feeds: New(limits), begin: time.Now(),
		origin: &script{t: t, flying: map[string]bool{}},
		share:  share.NewPolicy("route", config.DefaultRoute(), "", share.Secret{}),
		policy: Policy{Interval: time.Second, Timeout: 10 * time.Second, Linger: time.Minute, StaleIfError: time.Minute, Snapshot: 1 << 20, Vary: "Accept"},
	}
	r.feeds.random = func() float64 { return 0 }
	r.origin.says(200, "v1", "Content-Type", "text/plain")
	return r
}

// budget gives the upstream of feeds to come one of so many requests a second; 0 is
// none.
func (r *rig) budget(perSecond float64) {
	if perSecond > 0 {
		r.turns = NewDispatcher(perSecond, slog.New(slog.NewTextHandler(complaint{r.t}, nil)))
	}
}

// complaint fails a test with what is logged.
type complaint struct{ t testing.TB }

func (c complaint) Write(p []byte) (int, error) {
	c.t.Errorf("logged: %s", p)
	return len(p), nil
}

// close ends the live set and checks that everything was given back.
func (r *rig) close() {
	r.t.Helper()
	r.feeds.Close()
	if r.turns != nil {
		r.turns.Close()
		if s, _, _ := r.turns.State(); s.Scheduled+s.Waiting+s.InFlight != 0 {
			r.t.Errorf("feeds are in the schedule in the end: %+v", s)
		}
	}
	if n := r.feeds.bytes.Load(); n != 0 {
		r.t.Errorf("%d bytes are accounted for in the end", n)
	}
	if n := r.feeds.Len() + len(r.feeds.places) + len(r.feeds.groups.members); n != 0 {
		r.t.Errorf("%d feeds are in the live set in the end", n)
	}
	if n := r.origin.open.Load(); n != 0 {
		r.t.Errorf("%d responses were not closed", n)
	}
	if n := r.meter.feeds.Load(); n != 0 {
		r.t.Errorf("%d feeds were opened and not closed", n)
	}
}

// spec is that of the shared feed of a path.
func (r *rig) spec(path string) *Spec {
	s := &Spec{
		Method: "GET",
		Route:  "route", Key: path, Target: "example.com" + path, Site: "example.com", Head: []byte("GET " + path + " HTTP/1.1\r\n"),
		Share: r.share, Vary: r.share.Vary(), Meter: &r.meter, Outage: &r.outage, Log: r.log,
		Terms: &Terms{Origin: r.origin, Policy: &r.policy, Dispatcher: r.turns},
	}
	if r.other != nil {
		s.Terms.Origin = r.other
	}
	return s
}

// acquire takes the shared feed of a path.
func (r *rig) acquire(path string) *Feed {
	r.t.Helper()
	return r.acquireAs(path, "")
}

// acquireAs takes a path's feed of an identity.
func (r *rig) acquireAs(path, identity string) *Feed {
	r.t.Helper()
	spec := r.spec(path)
	spec.Key, spec.Identity, spec.Audience = path+"\x00"+identity, identity, audienceOf(identity)
	if identity != "" {
		spec.Head = append(spec.Head, "Authorization: "+identity+"\r\n"...)
	}
	f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// get is what a poller does: it looks, and asks if it has to.
func (r *rig) get(path string) Answer {
	r.t.Helper()
	f := r.acquire(path)
	defer f.Release()
	return get(f, KeepNone)
}

func get(f *Feed, keep Keep) Answer {
	if a, ok := f.Hit(time.Now()); ok {
		return a
	}
	return f.Ask(context.Background(), keep)
}

// subscribe acquires a feed and subscribes to it.
func (r *rig) subscribe(path string) *Feed {
	r.t.Helper()
	f := r.acquire(path)
	if !f.Subscribe(r.share.Vary()) {
		r.t.Fatal("the key of a new feed is not current")
	}
	return f
}

func leave(f *Feed) {
	f.Unsubscribe()
	f.Release()
}

// want fails unless an answer is an update of that body.
func (r *rig) want(a Answer, body string) *upgrade.Update {
	r.t.Helper()
	if a.Update == nil || string(a.Update.Body) != body {
		r.t.Fatalf("got %+v, want the body %q", a, body)
	}
	return a.Update
}

// wantPolls fails unless the origin got so many requests.
func (r *rig) wantPolls(n int) {
	r.t.Helper()
	if got := r.origin.count(); got != n {
		r.t.Fatalf("the origin got %d polls at %v, want %d", got, r.origin.begins(r.begin), n)
	}
}

// meter counts what it is told.
type meter struct{ polls, unchanged, failures, updates, limits, feeds atomic.Int64 }

func (m *meter) Polled(_ time.Duration, _ int64, unchanged bool, failure string) {
	m.polls.Add(1)
	if unchanged {
		m.unchanged.Add(1)
	}
	if failure != "" {
		m.failures.Add(1)
	}
}

func (m *meter) PolledAgain()    { m.polls.Add(1) }
func (m *meter) Updated()        { m.updates.Add(1) }
func (m *meter) LimitHit(string) { m.limits.Add(1) }
func (m *meter) Opened()         { m.feeds.Add(1) }
func (m *meter) Closed()         { m.feeds.Add(-1) }

// isClosed reports whether a state has been superseded.
func isClosed(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	default:
		return false
	}
}

// chance is a source of chance for many goroutines.
type chance struct {
	mu     sync.Mutex
	source *rand.Rand
}

// newChance logs its seed.
func newChance(t *testing.T) *chance {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	return &chance{source: rand.New(rand.NewPCG(seed, 0))}
}

// of returns a number in [0, n).
func (c *chance) of(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source.IntN(n)
}

// upTo returns a duration in [0, d).
func (c *chance) upTo(d time.Duration) time.Duration { return time.Duration(c.of(int(d))) }

func audienceOf(identity string) share.Audience {
	if identity == "" {
		return share.Everybody
	}
	return share.OneUser
}
