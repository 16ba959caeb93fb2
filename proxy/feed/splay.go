package feed

import "time"

// When everybody comes at once, as after a restart, all feeds would be polled in
// step from then on, for as long as they are held. So while more than crowdedFeeds
// begin within crowdedTime, each has its first poll by the timer put off, once, by
// up to an interval.
const (
	crowdedFeeds = 50
	crowdedTime  = 200 * time.Millisecond
)

// rush counts the feeds that begin at about the same time. It is guarded by
// Feeds.mu.
type rush struct {
	since time.Time
	feeds int
}

// joins counts a feed, and reports whether it is one of too many.
func (r *rush) joins(now time.Time) bool {
	if now.Sub(r.since) > crowdedTime {
		r.since, r.feeds = now, 0
	}
	r.feeds++
	return r.feeds > crowdedFeeds
}

// splay is by how much the next poll by the timer is put off.
func (f *Feed) splay() time.Duration {
	if f.subscribers.Load() == 0 {
		return 0
	}
	return f.runs.splay
}
