package feed

import (
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// landFailure keeps what there is, marks it stale and backs off.
func (f *Feed) landFailure(fl *flight, l landing) {
	r := &f.runs
	now := time.Now()
	r.failures++
	r.failure = l.err
	r.refused = now.Add(floor(l.response, f.spec.Audience, now))
	f.backOff(fl, l)
	f.spec.Meter.Polled(l.took, int64(len(l.body)), false, l.err.Error())
	f.alarm(now, l.err)
	f.turnStale(publicReason(l.err))
	fl.give(f.fallback(now))
	if now.Before(f.retry()) {
		giveAll(r.late, f.fallback(now))
		r.late = nil
	}
}

// alarm tells of the first failure in a row, and of those that follow.
func (f *Feed) alarm(now time.Time, failure error) {
	r := &f.runs
	switch {
	case f.spec.Alarm == nil:
	case r.failing.IsZero():
		r.failing = now
		f.spec.Alarm.Failing(failure)
	default:
		f.spec.Alarm.StillFailing(failure)
	}
}

// calm tells of the end of failures, after which something came that is none;
// zero if nothing did.
func (f *Feed) calm(now time.Time) {
	r := &f.runs
	switch {
	case r.failing.IsZero():
		return
	case now.IsZero():
		f.spec.Alarm.Recovered(0)
	default:
		f.spec.Alarm.Recovered(max(now.Sub(r.failing), 1))
	}
	r.failing = time.Time{}
}

// turnStale tells subscribers that what they see may be outdated, once: another
// reason wakes nobody.
func (f *Feed) turnStale(reason string) {
	v := f.view.Load()
	if v.state.Stale == reason || v.state.Ended != nil {
		return
	}
	f.publish(v.with(upgrade.State{Update: v.state.Update, Stale: reason}), v.state.Stale == "")
}

// fallback is the answer while the origin fails: the last snapshot if it is
// still allowed, or the failure.
func (f *Feed) fallback(now time.Time) Answer {
	return f.without(now, f.runs.failure, "stale-if-error", max(f.retry().Sub(now), 0))
}

// without is the answer while the origin cannot be asked: the last snapshot, with a
// word on why, or an error. Who is to be held all the same is not to take what there is
// for what is true: it stays back until somebody knows.
func (f *Feed) without(now time.Time, why error, detail string, retry time.Duration) Answer {
	if v := f.view.Load(); f.isSpare(v, now) {
		return Answer{Update: v.state.Update, Took: v.took, How: Hit, Detail: detail}
	}
	f.turnStale(publicReason(why))
	return Answer{Err: why, RetryAfter: retry}
}

// isResting reports whether the origin wants to be left alone, as it said to any feed.
func (f *Feed) isResting(now time.Time) bool { return now.Before(f.outage.Resting()) }

// withoutRest is the answer while it does.
func (f *Feed) withoutRest(now time.Time) Answer {
	return f.without(now, ErrResting, "retry-after", f.outage.Resting().Sub(now))
}

// isSpare reports whether a view is good enough to answer with while the origin
// cannot be asked. Once requests were passed on their own, some have seen a later one.
func (f *Feed) isSpare(v *view, now time.Time) bool {
	return v.state.Update != nil && v.alone.IsZero() && v.generation == f.generation.Load() && now.Before(v.fresh.Add(f.policy().StaleIfError))
}
