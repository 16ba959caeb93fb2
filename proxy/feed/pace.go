package feed

import (
	"net/http"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
)

// interval is how long after the beginning of a poll its answer is good for those
// who ask, and the next is to begin unless a dispatcher says when.
func (f *Feed) interval() time.Duration {
	r := &f.runs
	switch {
	case f.item != nil:
		return r.interval
	case r.adaptive != nil:
		return r.adaptive.Interval(f.subscribers.Load())
	}
	return f.spec.Policy.Interval
}

// pacedBy is the shortest time from the beginning of a poll to that of the next,
// unless something happens.
func (f *Feed) pacedBy() time.Duration {
	if f.item != nil {
		return f.spec.Policy.Interval // the dispatcher does the rest
	}
	return f.interval()
}

// report tells the schedule, once for each poll, what it came to.
func (f *Feed) report(fl *flight, l landing, known bool) {
	if fl.reported {
		return
	}
	fl.reported = true
	o := schedule.Outcome{Known: known, Changed: l.changed, Failing: f.runs.failure != nil}
	if o.Changed {
		o.Instant = l.instant
	}
	if l.response != nil {
		Heed(l.response, fl.began, l.received, f.outage, f.spec.Dispatcher)
	}
	switch {
	case f.item != nil:
		if l.response != nil {
			o.Took = max(l.took, 1) // 0 would be none
		}
		f.runs.interval = f.spec.Dispatcher.landed(f.item, o)
	case f.runs.adaptive != nil:
		f.runs.adaptive.Observe(fl.began, o)
	}
}

// Heed has all feeds of a host do what it says to a request, sent when it began, that
// was one too many. d may be nil.
func Heed(resp *origin.Response, began, received time.Time, o *Outage, d *Dispatcher) {
	if resp.Status != http.StatusTooManyRequests && resp.Status != http.StatusServiceUnavailable {
		return
	}
	rest := received.Add(hostFloor(resp, received))
	o.Rest(rest)
	if d != nil {
		d.refused(began, rest)
	}
}
