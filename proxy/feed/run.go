package feed

import (
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// run owns the feed until nobody wants it for as long as it lingers, the live
// set evicts it, or everything ends.
func (f *Feed) run() {
	defer f.set.running.Done()
	defer f.end()
	for {
		select {
		case a := <-f.asks:
			f.obey(time.Now()) // who asks after a reload is answered by its terms
			f.take(a)
		case reply := <-f.looks:
			reply <- f.outlook(time.Now())
			continue // nothing has changed
		case l := <-f.landed:
			f.obey(time.Now()) // what servers said that are gone is no answer
			f.land(l)
		case <-f.grants:
			f.begin(time.Now())
		case <-f.poked:
		case <-f.runs.timer.C:
		case <-f.runs.back:
			f.resume(time.Now())
		case <-f.evicted:
			return
		case <-f.set.ctx.Done():
			return
		}
		now := time.Now()
		f.obey(now)
		if f.decide(now) {
			return
		}
	}
}

// end publishes that there is nothing more to come, and waits for the poll
// under way. A panic costs this feed only.
func (f *Feed) end() {
	if p := recover(); p != nil {
		f.panicked(p)
	}
	r := &f.runs
	r.timer.Stop()
	if r.flight != nil {
		r.flight.cancel()
		l := <-f.landed
		l.discard()
		f.traceEnd(r.flight, l, false)
	}
	f.endFanout()
	f.calm(time.Time{})
	if f.runs.item != nil {
		f.dispatcher().leave(f.runs.item)
	}
	f.set.retire(f, false)
	if f.Latest().Ended == nil {
		f.publish(f.view.Load().with(upgrade.State{Update: f.Latest().Update, Ended: upgrade.ErrClosed}), true)
	}
	f.free()
	f.spec.Meter.Closed()
	close(f.done) // which answers those who wait
}

// take answers an ask, or makes it wait.
func (f *Feed) take(a *ask) {
	now := time.Now()
	if answer, ok := f.Hit(now); ok {
		a.give(answer)
		return
	}
	r := &f.runs
	switch {
	case a.isUnproven() && r.flight != nil:
		a.give(Answer{Err: ErrUnproven})
	case r.over:
		a.give(Answer{Err: ErrClosed})
	case r.flight != nil && !r.flight.aborted && r.flight.generation >= a.generation && !f.wasAlone(r.flight):
		r.flight.waiters = append(r.flight.waiters, a)
	case r.flight != nil:
		r.late = append(r.late, a)
	case len(r.queued) > 0 && a.isUnproven():
		a.give(Answer{Err: ErrUnproven})
	case r.failure != nil && now.Before(f.retry()):
		a.give(f.fallback(now))
	default:
		f.want(now, a)
	}
}

// wasAlone reports whether requests were passed when a poll began, or later: what
// they brought may be newer than what it brings, and nobody is to go back.
func (f *Feed) wasAlone(fl *flight) bool {
	passed := f.set.epoch.Add(time.Duration(f.passed.Load()))
	return f.view.Load().alone.After(fl.began) || passed.After(fl.began)
}

// decide starts what is due and sets the timer for what will be. It reports
// whether the feed is over.
func (f *Feed) decide(now time.Time) (over bool) {
	r := &f.runs
	if r.flight != nil {
		f.abortOutdated()
		return false
	}
	if r.over {
		// Its key is no longer good for a poll.
		giveAll(append(r.late, r.queued...), Answer{Err: ErrClosed})
		r.late, r.queued = nil, nil
		if f.runs.item != nil {
			f.dispatcher().leave(f.runs.item) // or it would be given turn after turn, and decline
		}
		return f.set.retire(f, true)
	}
	if len(r.late) > 0 {
		late := r.late
		r.late = nil
		if f.want(now, late...); r.flight != nil {
			return false
		}
	}
	if f.runs.item != nil {
		return f.await(now)
	}
	due, lingering := f.due(now)
	switch {
	case now.Before(due):
		r.aborted = false // nobody needs the poll that would have taken its place
		r.timer.Reset(due.Sub(now))
	case lingering:
		return f.set.retire(f, true)
	default:
		f.launchInTime(now)
	}
	return false
}

// launchInTime starts a poll that time has brought.
func (f *Feed) launchInTime(now time.Time) {
	if r := &f.runs; !r.began.IsZero() {
		r.splay = 0
	}
	f.launch(now, nil)
}

// abortOutdated ends a poll that began before a write, so that the one that
// shows its effect need not wait for it.
func (f *Feed) abortOutdated() {
	if fl := f.runs.flight; !fl.aborted && f.isOvertaken(fl) {
		fl.aborted = true
		fl.cancel()
	}
}

// isOvertaken reports whether a poll is of no use any more, because of a write
// that somebody waits to see the effect of. Subscribers that need not be told at
// once, or only of a refresh, wait for their next poll.
func (f *Feed) isOvertaken(fl *flight) bool {
	switch {
	case fl.protected || fl.generation == f.generation.Load():
		return false
	case fl.urgent != f.urgent.Load() || len(f.runs.late) > 0:
		return true
	}
	return f.subscribers.Load() == 0
}

// due returns when there is something to do: a poll, for subscribers or because
// one was wanted, or the end of lingering.
func (f *Feed) due(now time.Time) (at time.Time, lingering bool) {
	r := &f.runs
	paced := r.began.Add(f.pacedBy())
	switch {
	case f.subscribers.Load() == 0 && !f.isWanted(now), r.guarded && f.lender(nil) == nil:
		// Who comes back soon finds the schedule where it was, however short
		// the lingering.
		v := f.view.Load()
		used := f.set.epoch.Add(time.Duration(f.used.Load()))
		return maxTime(maxTime(used.Add(f.policy().Linger), v.alone), paced), true
	case f.isUrgent():
		return maxTime(f.retry(), f.outage.Resting()), false // at once
	default:
		// Those who ask may try a failing origin sooner.
		if r.failure != nil {
			paced = maxTime(paced, f.again())
		}
		paced = paced.Add(f.splay())
		return maxTime(maxTime(f.retry(), paced), f.outage.Resting()), false
	}
}

// isUrgent reports whether subscribers are to be told at once of what a write or a
// refresh changed.
func (f *Feed) isUrgent() bool {
	return f.urgent.Load() != f.runs.told || f.refreshes.Load() != f.runs.showed
}

// isWanted reports whether a poll was answered that wants the next one fetched,
// and it has not been.
func (f *Feed) isWanted(now time.Time) bool {
	if f.wanted.Load() && !f.mayRevalidate(f.view.Load(), now) {
		f.wanted.Store(false)
	}
	return f.wanted.Load()
}

// retry is when the next poll may begin. What the last one brought says nothing
// about a resource that was written to since, but a failing origin's own wish
// counts.
func (f *Feed) retry() time.Time {
	switch r := &f.runs; {
	case f.generation.Load() != r.tried:
		return r.refused
	case r.failure != nil:
		return f.again()
	default:
		return r.next
	}
}

// publish makes a view the current one. wake closes the channel of the state
// before it.
func (f *Feed) publish(v *view, wake bool) {
	r := &f.runs
	old := r.changed
	if wake {
		r.changed = make(chan struct{})
	}
	state := *v.state
	if state.Changed = r.changed; state.Ended != nil {
		state.Changed = nil
	}
	v.state = &state
	f.view.Store(v)
	if wake {
		close(old)
	}
}

// with returns the view with another state.
func (v *view) with(s upgrade.State) *view {
	next := *v
	next.state = &s
	return &next
}

func giveAll(asks []*ask, answer Answer) {
	for _, a := range asks {
		a.give(answer)
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
