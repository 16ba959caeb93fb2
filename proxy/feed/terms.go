package feed

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/upgrade"
)

// policy is that of the terms of now. Whoever is not run may be told of the terms
// before them.
func (f *Feed) policy() *Policy { return f.terms.Load().Policy }

func (f *Feed) dispatcher() *Dispatcher { return f.terms.Load().Dispatcher }

// offer has the feed go by other terms soon; those that it goes by change nothing.
func (f *Feed) offer(t *Terms) {
	f.offered.Store(t)
	if f.terms.Load().Place != t.Place {
		f.expire() // at once: run may be late, and polls are answered without it
	}
	f.nudge()
}

// dismiss has the feed say goodbye soon. Nobody may subscribe any more.
func (f *Feed) dismiss() {
	f.retired.Store(true)
	f.nudge()
}

// obey does what was said to the feed: it ends, or goes by other terms.
func (f *Feed) obey(now time.Time) {
	r := &f.runs
	next := f.offered.Swap(nil)
	switch was := f.terms.Load(); {
	case r.over:
	case f.retired.Load():
		f.revoke(upgrade.ErrReloaded)
	case next != nil && next != was:
		f.terms.Store(next)
		if was.Way != next.Way {
			f.forget()
		}
		f.leavePlace(was, next)
		f.changePace(was, next)
		f.look(was.Policy, next.Policy)
		f.date(now)
	}
}

// forget has the next poll be unconditional: it is sent by other means, which know
// nothing of the server whose validators there are.
func (f *Feed) forget() { f.runs.etag, f.runs.lastModified, f.runs.from = "", "", nil }

// leavePlace outdates what was said by servers that are not asked any more.
func (f *Feed) leavePlace(was, next *Terms) {
	r := &f.runs
	if was.Place == next.Place {
		return
	}
	r.hints, r.floor = nil, time.Time{}
	r.refused, r.lying, r.newest = time.Time{}, false, time.Time{}
	f.expire()
	if fl := r.flight; fl != nil && !fl.aborted {
		fl.aborted = true
		fl.cancel()
	}
}

// beginPace begins to be polled at the pace that the terms say.
func (f *Feed) beginPace() {
	r, t := &f.runs, f.terms.Load()
	r.item, r.adaptive, r.interval = nil, nil, 0
	switch {
	case t.Dispatcher != nil:
		r.item, r.interval = t.Dispatcher.item(f)
	case !t.Policy.isFixed():
		r.adaptive = schedule.NewAdaptive(t.Policy.terms())
	}
}

// changePace goes on at another pace, with what was learned. Those who wait for a turn
// of a dispatcher that is left wait for one of the next, or for none.
func (f *Feed) changePace(was, next *Terms) {
	r, pace := &f.runs, next.Policy.terms()
	switch {
	case was.Dispatcher != next.Dispatcher:
		if r.item != nil {
			was.Dispatcher.leave(r.item)
			select {
			case <-f.grants: // was the last of its turns
			default:
			}
		}
		f.beginPace()
		r.late, r.queued, r.owed = append(r.queued, r.late...), nil, false
	case was.Policy.terms() == pace:
	case r.item != nil:
		r.interval = next.Dispatcher.renew(r.item, pace)
	case r.adaptive != nil && !next.Policy.isFixed():
		r.adaptive.Renew(pace)
	default:
		f.beginPace()
	}
}

// look sees what there is as another policy has it.
func (f *Feed) look(was, next *Policy) {
	u := f.Latest().Update
	if u == nil {
		return
	}
	if next.Snapshot > 0 && int64(len(u.Body)) > next.Snapshot {
		f.forget() // it is not to be kept: a whole answer says so
		f.expire()
	}
	if len(next.Ignore) > 0 && !slices.EqualFunc(was.Ignore, next.Ignore, slices.Equal) {
		f.runs.essence = sha256.Sum256(essence(u.Body, next.Ignore))
	}
}

// date reckons anew, by the interval of now, until when there is an answer, and when
// the next poll may begin.
func (f *Feed) date(now time.Time) {
	r, v := &f.runs, *f.view.Load()
	switch {
	case r.failure != nil:
		pace := f.pace()
		r.pause = min(r.pause, schedule.Backoff(1, pace, f.set.random()))
		r.next = r.failed.Add(schedule.Backoff(r.failures, pace, f.set.random()))
	case !r.began.IsZero() && !now.Before(v.alone):
		r.next = maxTime(r.began.Add(f.policy().Interval), r.floor)
	}
	if v.state.Update != nil && v.fresh.After(r.vouched) {
		v.fresh = maxTime(r.vouched.Add(f.interval()), r.floor)
		f.publish(&v, false)
	}
}
