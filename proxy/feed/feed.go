package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// Feed is one coalesced resource. It implements upgrade.Source.
type Feed struct {
	// Set once.
	set     *Feeds
	spec    *Spec
	outage  *Outage
	tag     string // of its key, in the IDs of its versions
	place   uint64 // of its key, among the servers of the upstream; not 0
	asks    chan *ask
	looks   chan chan<- Outlook
	landed  chan landing
	grants  chan struct{} // turns of the dispatcher: one at a time
	poked   chan struct{} // something that run should look at has changed
	evicted chan struct{} // closed by the live set
	done    chan struct{} // closed by run

	// Written by anybody.
	view        atomic.Pointer[view]  // by run only
	terms       atomic.Pointer[Terms] // by run only
	offered     atomic.Pointer[Terms] // that run has not begun to go by; nil for none
	retired     atomic.Bool           // nobody may subscribe any more; never becomes false
	generation  atomic.Uint64         // writes that passed through
	urgent      atomic.Uint64         // those of them that subscribers are to see at once
	refreshes   atomic.Uint64         // those that they are to see next
	subscribers atomic.Int64
	kept        atomic.Pointer[charge] // against the limit; nil for nothing
	fanout      atomic.Pointer[fanout] // by run only; nil unless it is recorded
	used        atomic.Int64           // when it was last wanted, since set.epoch
	passed      atomic.Int64           // when one beside the feed was answered last, since set.epoch
	wanted      atomic.Bool            // a poll is under way, or one was answered that wants the next one fetched

	references int      // guarded by set.mu
	groups     []string // that its answer names; written by run, and that under set.mu

	lendersMu sync.Mutex
	lenders   map[*Lender]struct{} // subscribers whose credentials polls may borrow

	runs runState
}

// view is what run publishes. It is immutable.
type view struct {
	state      *upgrade.State
	generation uint64    // that the update's poll began in
	fresh      time.Time // until when it answers polls
	alone      time.Time // until when each request is on its own
	reason     share.Reason
	took       time.Duration // that the update's poll took
}

// runState belongs to run.
type runState struct {
	changed  chan struct{} // of the current state
	flight   *flight       // nil: no poll under way
	late     []*ask        // who needs a later poll than the flight
	queued   []*ask        // who waits for the feed's turn
	queuedAt time.Time     // since when the first of them does
	owed     bool          // nobody does any more, but the turn is theirs
	aborted  bool          // the last flight was, by a write

	known        *share.Vary // fields that all who came by the key agreed in
	version      uint64
	essence      [sha256.Size]byte // hash of the current update's, if parts of it are ignored
	etag         string            // validators of the origin's last answer
	lastModified string
	from         *origin.Server // whose they are; nil if there is only one
	newest       time.Time      // Last-Modified so far
	lying        bool           // it gave one entity tag to different answers
	hints        origin.Header  // of the current update, on when to poll; a 304 need not repeat them

	guarded  bool // the origin refuses polls that borrow no credentials
	refusals int  // of polls with the credentials of clients that were let in before, in a row

	item     *schedule.Item     // in the dispatcher's schedule; nil without one
	adaptive *schedule.Adaptive // nil for a fixed interval, or with a dispatcher
	interval time.Duration      // that the dispatcher means to leave between two polls

	failures int
	failure  error
	failing  time.Time       // since when; zero while polls succeed
	began    time.Time       // when the last poll did that was not aborted
	tried    uint64          // its generation
	vouched  time.Time       // when the last poll began that the current update is the answer to
	told     uint64          // the urgent writes that it knew of
	showed   uint64          // the refreshes that it knew of
	next     time.Time       // when the next poll may begin
	floor    time.Time       // until when the origin of the current update does not want one
	splay    time.Duration   // that the first poll by the timer is put off by
	failed   time.Time       // what back-off counts from
	pause    time.Duration   // after anybody's poll, of a feed that may find out that the origin is back
	back     <-chan struct{} // closed when a poll of the upstream succeeds; nil unless that is down
	refused  time.Time       // until when a failing origin said that it does not want one
	timer    *time.Timer
	over     bool // retired: no more polls
}

func newFeed(s *Feeds, spec *Spec) *Feed {
	f := &Feed{
		set: s, spec: spec, outage: cmp.Or(spec.Outage, new(Outage)), tag: keyTag(spec.Key), place: placeOf(spec.Key),
		asks: make(chan *ask), looks: make(chan chan<- Outlook), landed: make(chan landing, 1), poked: make(chan struct{}, 1), grants: make(chan struct{}, 1),
		evicted: make(chan struct{}), done: make(chan struct{}),
	}
	f.terms.Store(spec.Terms)
	f.runs = runState{changed: make(chan struct{}), known: spec.Vary, timer: time.NewTimer(spec.Terms.Policy.Linger)}
	f.beginPace()
	f.runs.guarded = spec.Lending != nil && spec.Lending.Guarded
	f.view.Store(&view{state: &upgrade.State{Changed: f.runs.changed}})
	f.touch(time.Now())
	return f
}

// Latest implements upgrade.Source.
func (f *Feed) Latest() *upgrade.State { return f.view.Load().state }

// Route is the name of the route that the feed belongs to.
func (f *Feed) Route() string { return f.spec.Route }

// Polls is the method of its polls, and their target: the raw path and query.
func (f *Feed) Polls() (method, target string) { return f.spec.Method, targetOf(f.spec.Head) }

// Took is how long the poll took that brought the current update.
func (f *Feed) Took() time.Duration { return f.view.Load().took }

// Hit answers a poll from what is known, without asking anybody. It allocates
// nothing. ok is false if the feed has to be asked.
func (f *Feed) Hit(now time.Time) (a Answer, ok bool) {
	v := f.view.Load()
	f.touch(now)
	switch {
	case v.state.Ended != nil:
		return Answer{}, false
	case now.Before(v.alone):
		return Answer{Alone: v.reason}, true
	case v.state.Update == nil || v.generation != f.generation.Load():
		return Answer{}, false
	case now.Before(v.fresh):
		return Answer{Update: v.state.Update, Took: v.took, How: Hit}, true
	case f.mayRevalidate(v, now):
		return Answer{Update: v.state.Update, Took: v.took, How: Hit, Detail: "stale-while-revalidate", Caused: f.revalidate()}, true
	}
	return Answer{}, false
}

// IsLive reports whether what there is may be shared, and is up to date as far as
// anybody knows: whoever has it can wait for what comes next without asking first. It
// may be older than the interval, which Subscribe sees to, but not than a write, or
// than a logout, after which it may be no longer this client's.
func (f *Feed) IsLive(now time.Time) bool {
	v := f.view.Load()
	f.touch(now)
	return v.state.Ended == nil && v.state.Stale == "" && v.state.Update != nil && v.generation == f.generation.Load() && !now.Before(v.alone)
}

// IsFresh reports whether Hit has an answer that is no older than the interval.
func (f *Feed) IsFresh(now time.Time) bool {
	v := f.view.Load()
	return v.state.Ended == nil && v.state.Update != nil && v.generation == f.generation.Load() && now.Before(v.fresh)
}

// Passed notes that a request beside the feed is answered by the origin now: who
// sent it is not to be told by a poll that began before.
func (f *Feed) Passed() { f.passed.Store(int64(time.Since(f.set.epoch))) }

// HasNone reports whether the origin said, since then and since the last write,
// that there is nothing to deliver.
func (f *Feed) HasNone(since time.Time) bool {
	v := f.view.Load()
	u := v.state.Update
	return u != nil && !u.HasSnapshot() && v.generation == f.generation.Load() && u.Received.After(since)
}

// mayRevalidate reports whether a view is outdated, but still good enough to
// answer with while the next one is fetched.
func (f *Feed) mayRevalidate(v *view, now time.Time) bool {
	return v.state.Stale == "" && !now.Before(v.fresh) && now.Before(v.fresh.Add(f.policy().StaleWhileRevalidate))
}

// revalidate wants the next poll in the background, and reports whether this
// call is what causes it.
func (f *Feed) revalidate() bool {
	first := f.wanted.CompareAndSwap(false, true)
	if first {
		f.nudge()
	}
	return first
}

// Ask waits for an answer that is fresh now: at most for one poll and the one
// under way. The feed must have been acquired. keep says what this client would
// take as Answer.Kept. The end of ctx ends the waiting, not the poll.
func (f *Feed) Ask(ctx context.Context, keep Keep) Answer { return f.AskAs(ctx, keep, nil) }

// AskAs is Ask where polls may borrow the client's credentials. It gets nothing
// kept but what these brought.
func (f *Feed) AskAs(ctx context.Context, keep Keep, lender *Lender) Answer {
	return f.AskFor(ctx, nil, keep, lender)
}

// AskFor is AskAs, and says what for: the Tracer is told of it if this causes a
// poll.
func (f *Feed) AskFor(ctx context.Context, cause any, keep Keep, lender *Lender) Answer {
	a := newAsk(f.generation.Load(), keep, lender)
	a.cause = cause
	select {
	case f.asks <- a:
	case <-f.done:
		return Answer{Err: ErrClosed}
	case <-ctx.Done():
		return Answer{Err: ctx.Err()}
	}
	select {
	case answer := <-a.reply:
		return answer
	case <-f.done:
		return a.late()
	case <-ctx.Done():
		return a.leave(ctx.Err())
	}
}

// Subscribe makes the feed poll on a timer until Unsubscribe. The feed must
// have been acquired with a key made with vary; it reports false, and the caller
// is not subscribed, if the key is no longer current, or the feed is retired.
func (f *Feed) Subscribe(vary *share.Vary) bool {
	f.subscribers.Add(1)
	// run learns first and looks for subscribers then, as who retires a feed
	// says so first: one of us sees the other.
	if f.spec.Share.Vary() != vary || f.retired.Load() {
		f.Unsubscribe()
		return false
	}
	f.nudge()
	return true
}

// Unsubscribe gives up what Subscribe began.
func (f *Feed) Unsubscribe() {
	f.subscribers.Add(-1)
	f.nudge()
}

// Subscribers is how many there are.
func (f *Feed) Subscribers() int64 { return f.subscribers.Load() }

// Invalidate says that a write may have changed the resource: nothing that was
// polled before answers a poll from now on, and subscribers are told what
// changed as soon as it can be fetched.
func (f *Feed) Invalidate() {
	f.expire()
	f.hurry()
}

// outdate is Invalidate, but subscribers are told when they would have been
// anyway.
func (f *Feed) outdate() {
	f.expire()
	f.nudge()
}

// expire has nothing that was polled before answer a poll. run has to be told.
func (f *Feed) expire() { f.generation.Add(1) }

// hurry has subscribers told at once why it expired. It comes after expire:
// launch, which looks at them the other way round, knows of too few rather than too
// many.
func (f *Feed) hurry() {
	f.urgent.Add(1)
	f.nudge()
}

// nudge makes run look at everything again.
func (f *Feed) nudge() {
	select {
	case f.poked <- struct{}{}:
	default:
	}
}

// touch notes that the feed is wanted. Once a second is often enough, and keeps
// the processors from fighting over the line.
func (f *Feed) touch(now time.Time) {
	if since := int64(now.Sub(f.set.epoch)); since-f.used.Load() > int64(time.Second) {
		f.used.Store(since)
	}
}

// keep accounts for the snapshot that the feed holds from now on; nil is none.
func (f *Feed) keep(c *charge) {
	if old := f.kept.Swap(c); old != nil {
		old.end()
	}
}

func (f *Feed) free() { f.keep(nil) }

// panicked logs what would have ended the process.
func (f *Feed) panicked(what any) {
	log := f.spec.Log
	if log == nil {
		log = slog.Default()
	}
	log.Error("a feed panicked", "feed", f.String(), "panic", fmt.Sprint(what), "stack", string(debug.Stack()))
}

// String names the feed for logs, without its key, which may hold secrets.
func (f *Feed) String() string { return f.spec.Route + "#" + f.tag }
