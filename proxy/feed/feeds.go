package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull: the limits on feeds or on what they keep are reached, and nothing
// unwanted is left to make room.
var ErrFull = errors.New("no room for another feed")

// ErrFullOfBytes is ErrFull because of what the feeds keep.
var ErrFullOfBytes = fmt.Errorf("%w: what is kept takes too much", ErrFull)

// ErrClosed: the live set has been closed.
var ErrClosed = errors.New("the feeds are closed")

// ErrUnproven: the origin has to be asked about this client first.
var ErrUnproven = errors.New("nobody knows whether the origin lets this client in")

// Feeds is the live set. Its methods may be called concurrently.
type Feeds struct {
	limits atomic.Pointer[Limits]
	ctx    context.Context // of all polls
	cancel context.CancelFunc
	epoch  time.Time    // that times are counted from: monotonic, so that a clock may be set
	bytes  atomic.Int64 // of all snapshots
	random func() float64

	mu      sync.RWMutex
	era     uint64                        // of the rules that all feeds go by
	fate    Fate                          // what becomes of who still goes by others; nil before there were any
	live    map[string]*Feed              // by key
	places  map[string]*place             // the same ones, by URL
	owners  map[string]map[*Feed]struct{} // those of an identity, by that
	groups  groups
	routes  sync.Map // *writes by route: refresh_on, and cache groups
	rush    rush
	closed  bool
	running sync.WaitGroup
}

// Limits bound the live set. A zero is no limit.
type Limits struct {
	Feeds int
	Bytes int64 // of all snapshots together
}

// New returns an empty live set.
func New(limits Limits) *Feeds {
	s := &Feeds{epoch: time.Now(), random: rand.Float64, live: map[string]*Feed{}, places: map[string]*place{}, owners: map[string]map[*Feed]struct{}{}, groups: newGroups()}
	s.limits.Store(&limits)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Get returns the live feed of a key, or nil. It allocates nothing. The feed
// may end at any time: it is good for one look at what it says.
func (s *Feeds) Get(key []byte) *Feed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.live[string(key)]
}

// Acquire returns the feed of a key, which it makes from spec if there is none.
// The feed lives at least until Release.
func (s *Feeds) Acquire(key []byte, spec func() *Spec) (*Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acquireLocked(key, spec)
}

func (s *Feeds) acquireLocked(key []byte, spec func() *Spec) (*Feed, error) {
	if f := s.live[string(key)]; f != nil {
		f.references++
		return f, nil
	}
	if s.closed {
		return nil, ErrClosed
	}
	if err := s.makeRoomLocked(); err != nil {
		return nil, err
	}
	f := newFeed(s, spec())
	f.references = 1
	s.beginLocked(f)
	return f, nil
}

// follow puts another feed in the place of one that was retired, so that it is
// known for a while that its answers are not shared.
func (s *Feeds) follow(f *Feed, v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spec := s.successorLocked(f)
	if s.closed || spec == nil || s.live[f.spec.Key] != nil || s.makeRoomLocked() != nil {
		return
	}
	next := newFeed(s, spec)
	next.view.Store(&view{state: next.Latest(), alone: v.alone, reason: v.reason})
	s.beginLocked(next)
}

func (s *Feeds) beginLocked(f *Feed) {
	s.running.Add(1)
	f.spec.Meter.Opened()
	if s.rush.joins(time.Now()) && (f.runs.item == nil || f.policy().isFixed()) {
		f.runs.splay = time.Duration(s.random() * float64(f.policy().Interval))
	}
	go f.run() // waited for by Close
	s.live[f.spec.Key] = f
	same := s.places[f.spec.Target]
	if same == nil {
		same = &place{feeds: map[*Feed]struct{}{}, writes: newWrites()}
		s.places[f.spec.Target] = same
	}
	same.feeds[f] = struct{}{}
	if own := f.spec.Identity; own != "" {
		if s.owners[own] == nil {
			s.owners[own] = map[*Feed]struct{}{}
		}
		s.owners[own][f] = struct{}{}
	}
}

// Release gives up what Acquire returned.
func (f *Feed) Release() {
	f.set.mu.Lock()
	f.references--
	last := f.references == 0
	f.set.mu.Unlock()
	if last {
		f.touch(time.Now())
		f.nudge()
	}
}

// retire takes a feed out of the live set: whoever comes now gets another. It
// reports false, and does nothing, if unwanted is true and somebody wants it.
func (s *Feeds) retire(f *Feed, unwanted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retireLocked(f, unwanted)
}

func (s *Feeds) retireLocked(f *Feed, unwanted bool) bool {
	if unwanted && f.references > 0 {
		return false
	}
	if s.live[f.spec.Key] != f {
		return true
	}
	delete(s.live, f.spec.Key)
	same := s.places[f.spec.Target]
	if delete(same.feeds, f); len(same.feeds) == 0 {
		delete(s.places, f.spec.Target)
	}
	mine := s.owners[f.spec.Identity]
	if delete(mine, f); len(mine) == 0 {
		delete(s.owners, f.spec.Identity)
	}
	s.groups.leave(f)
	return true
}

// Close ends all feeds and waits for them. Their states end with
// upgrade.ErrClosed.
func (s *Feeds) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.running.Wait()
}

// Len is the number of live feeds.
func (s *Feeds) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.live)
}
