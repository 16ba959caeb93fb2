package feed

import (
	"sync"
	"time"
)

// Outage is what the feeds of one upstream tell each other while their polls
// fail. Each of them backs off further with every failure, and none of them
// alone has to find out that the origin is back: one scout at a time does, an
// interval after the one before it, and its success calls the others. The zero
// value is ready.
type Outage struct {
	mu    sync.Mutex
	begun time.Time     // when the latest poll began
	back  chan struct{} // closed when one succeeds; nil if none failed since one did
	rest  time.Time     // until when the host wants to be left alone

	// Of the poll that found out that the origin was back.
	missed time.Time     // when the one before it began
	took   time.Duration // what its answer took
}

// begin notes that a poll begins and returns when the one before it did.
func (o *Outage) begin(now time.Time) (before time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, o.begun = o.begun, now
	return before
}

// latest is when the latest poll began.
func (o *Outage) latest() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begun
}

// failed notes that a poll failed, and returns what is closed when one does
// not.
func (o *Outage) failed() (back <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.back == nil {
		o.back = make(chan struct{})
	}
	return o.back
}

// succeeded notes that a poll did, and how long that took. The one that began
// before it had missed the end of the outage.
func (o *Outage) succeeded(before time.Time, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.back != nil {
		o.missed, o.took = before, took
		close(o.back)
		o.back = nil
	}
}

// ended tells of the end of the last outage: when the last poll began that
// missed it, and what the answer took that told of it.
func (o *Outage) ended() (missed time.Time, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.missed, o.took
}

// Move forgets what was said by servers that are not asked any more. Whoever backs off
// from them tries the others soon.
func (o *Outage) Move(now time.Time) {
	o.mu.Lock()
	o.rest = time.Time{}
	o.mu.Unlock()
	o.succeeded(now, 0)
}

// Rest notes that the host, not just one of its resources, wants to be left alone
// until then (Retry-After of a 429 or 503, RFC 9110 section 10.2.3).
func (o *Outage) Rest(until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = maxTime(o.rest, until)
}

// Resting is until when it wants to be left alone.
func (o *Outage) Resting() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.rest
}
