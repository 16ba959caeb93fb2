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
	case f.runs.item != nil:
		return r.interval
	case r.adaptive != nil:
		return r.adaptive.Interval(f.subscribers.Load())
	}
	return f.policy().Interval
}

// pacedBy is the shortest time from the beginning of a poll to that of the next,
// unless something happens.
func (f *Feed) pacedBy() time.Duration {
	if f.runs.item != nil {
		return f.policy().Interval // the dispatcher does the rest
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
		f.heed(l.response, fl, l.received)
	}
	switch {
	case f.runs.item != fl.item: // it began under other terms
	case fl.item != nil:
		if l.response != nil {
			o.Took = max(l.took, 1) // 0 would be none
		}
		f.runs.interval = f.dispatcher().landed(fl.item, o)
	case f.runs.adaptive != nil:
		f.runs.adaptive.Observe(fl.began, o)
	}
}

// heed has all feeds of a host do what it says to a poll that was one too many. What it
// says to somebody's credentials may be about that user, who must not stop the others:
// it gets fewer polls, but is not left alone for more than the feed itself.
func (f *Feed) heed(resp *origin.Response, fl *flight, received time.Time) {
	if !isOverload(resp.Status) {
		return
	}
	rest := received.Add(hostFloor(resp, received))
	if resp.Spared {
		rest = time.Time{} // it is about one server, which is left alone
	}
	if personal := f.spec.Identity != "" || fl.lender != nil; personal && resp.Status == http.StatusTooManyRequests {
		rest = time.Time{}
	}
	f.outage.Rest(rest)
	if d := f.dispatcher(); d != nil {
		d.refused(fl.began, rest)
	}
}

// HeedInquiry does the same for what an upstream says, other than to a poll, with the
// credentials of a client that it may not even know: only a host that is down as a whole
// counts. d may be nil.
func HeedInquiry(resp *origin.Response, began, received time.Time, o *Outage, d *Dispatcher) {
	if resp.Status != http.StatusServiceUnavailable {
		return
	}
	rest := received.Add(RestOf(resp, received))
	if resp.Spared {
		rest = time.Time{}
	}
	o.Rest(rest)
	if d != nil {
		d.refused(began, rest)
	}
}

// RestOf is for how long an answer wants the host that gave it to be left alone.
func RestOf(resp *origin.Response, now time.Time) time.Duration { return hostFloor(resp, now) }

// isOverload reports whether a status says that there were too many requests.
func isOverload(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}
