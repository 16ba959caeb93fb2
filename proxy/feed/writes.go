package feed

import (
	"sync"
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
)

// A write costs the origin one request, and would cost it one more for each feed
// that somebody holds: whoever may write could have the origin polled at any
// rate. So the polls that writes cause are bounded, for each URL that is written
// to and for each route that refresh_on refreshes. Feeds beyond the bound are
// polled at their own pace. Those who ask are not bound: they wait for what the
// write did, and their requests are their own.
const (
	writeBurst = 200                   // feeds that writes refresh at once
	writePause = 20 * time.Millisecond // between two more, in the long run
)

// writes bounds the polls that writes of one kind cause.
type writes struct {
	mu     sync.Mutex
	bucket schedule.Bucket
}

func newWrites() *writes {
	return &writes{bucket: schedule.Bucket{Pause: writePause, Burst: writeBurst}}
}

// refresh invalidates a feed. Without subscribers that costs no poll.
func (w *writes) refresh(f *Feed, now time.Time) {
	if f.Subscribers() == 0 || w.take(now) {
		f.Invalidate()
	} else {
		f.outdate()
	}
}

func (w *writes) take(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bucket.Next().After(now) {
		return false
	}
	w.bucket.Take(now)
	return true
}

// place is what a write can name: the feeds of one URL.
type place struct {
	feeds  map[*Feed]struct{}
	writes *writes
}

// InvalidateTarget invalidates the feeds of a URL that a write of this identity
// went to (RFC 9111 section 4.4), first those whose answers the writer gets.
func (s *Feeds) InvalidateTarget(target, identity string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.places[target]
	if p == nil {
		return
	}
	now := time.Now()
	for _, own := range []bool{true, false} {
		for f := range p.feeds {
			if own == (f.spec.Identity == "" || f.spec.Identity == identity) {
				p.writes.refresh(f, now)
			}
		}
	}
}

// OutdateIdentity has nothing that was polled before answer an identity, which may
// be no longer good. Subscribers are told at their own pace.
func (s *Feeds) OutdateIdentity(identity string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for f := range s.owners[identity] {
		f.outdate()
	}
}

// Written invalidates the feed, because of a write that its own client sent
// elsewhere.
func (f *Feed) Written() {
	f.set.mu.RLock()
	defer f.set.mu.RUnlock()
	if p := f.set.places[f.spec.Target]; p != nil {
		p.writes.refresh(f, time.Now())
	}
}

// Target is the URL that the feed polls.
func (f *Feed) Target() string { return f.spec.Target }

// InvalidateRoute invalidates the feeds of a route, because of a write.
func (s *Feeds) InvalidateRoute(route string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	written, _ := s.routes.LoadOrStore(route, newWrites())
	now := time.Now()
	for _, f := range s.live {
		if f.spec.Route == route {
			written.(*writes).refresh(f, now)
		}
	}
}

// InvalidateWhere invalidates the feeds of the targets that match, at once, and
// returns how many.
func (s *Feeds) InvalidateWhere(match func(target string) bool) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, f := range s.live {
		if match(f.spec.Target) {
			f.Invalidate()
			n++
		}
	}
	return n
}
