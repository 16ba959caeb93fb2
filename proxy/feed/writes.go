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

// refresh polls a feed that expired. Without subscribers that costs no poll.
func (w *writes) refresh(f *Feed, now time.Time) {
	if f.Subscribers() == 0 || w.take(now) {
		f.hurry()
	} else {
		f.nudge()
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

// OutdateIdentity has nothing that was polled before answer an identity, which may
// be no longer good. Subscribers are told at their own pace.
func (s *Feeds) OutdateIdentity(identity string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for f := range s.owners[identity] {
		f.outdate()
	}
}
