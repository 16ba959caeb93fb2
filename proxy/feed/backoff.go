package feed

import (
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
)

// urgentPace is where back-off begins when there is nothing to answer with.
const urgentPace = time.Second

// backOff sets when the feed tries again by itself. One whose poll was given up
// leaves the origin alone for a while, too.
func (f *Feed) backOff(fl *flight, l landing) {
	r, pace := &f.runs, f.pace()
	r.failed = maxTime(fl.began, l.received.Add(-pace))
	r.pause = schedule.Backoff(1, pace, f.set.random())
	r.next = r.failed.Add(schedule.Backoff(r.failures, pace, f.set.random()))
	r.back = f.outage.failed()
}

// again is when a feed that fails may be polled again: when it has backed off,
// or when nobody else has tried for an interval.
func (f *Feed) again() time.Time {
	r := &f.runs
	scout := maxTime(r.failed, f.outage.latest()).Add(r.pause)
	if scout.After(r.next) {
		scout = r.next
	}
	return maxTime(scout, r.refused)
}

// resume ends the back-off, because the origin is back: two intervals after the
// last poll that missed that, everybody has been there, and they do not come
// together. A poll that has hung since the outage is given up: its connection is
// as dead as the origin was.
func (f *Feed) resume(now time.Time) {
	r, pace := &f.runs, f.pace()
	r.back = nil
	missed, took := f.outage.ended()
	if fl := r.flight; fl != nil && !fl.began.After(missed) {
		r.failed = maxTime(r.failed, fl.began)
		fl.aborted = true
		fl.cancel()
	}
	span := max(min(missed.Add(2*pace+took).Sub(now), pace), 0)
	at := now.Add(time.Duration(f.set.random() * float64(span)))
	if at = maxTime(at, r.failed.Add(r.pause)); at.Before(r.next) || r.flight != nil {
		r.next = at
	}
}

// recovered notes a poll that did not fail.
func (f *Feed) recovered(fl *flight, l landing) {
	r := &f.runs
	r.failures, r.failure, r.back = 0, nil, nil
	f.outage.succeeded(fl.before, l.took)
	f.calm(l.received)
}

// pace is how often those who ask may cause a poll. While there is a snapshot to
// answer with, a failing origin gets no more polls than a healthy one.
func (f *Feed) pace() time.Duration {
	v, pace := f.view.Load(), f.interval()
	if v.state.Update == nil || v.generation != f.generation.Load() {
		return min(pace, urgentPace)
	}
	return pace
}
