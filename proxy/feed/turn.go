package feed

import (
	"errors"
	"time"
)

// ErrBudget: the origin may not be asked for now, because others have used up what
// the budget of its upstream has.
var ErrBudget = errors.New("the budget of the upstream is used up")

// ErrResting: the origin wants to be left alone.
var ErrResting = errors.New("the origin wants to be left alone for a while")

// granted implements turn.
func (f *Feed) granted() { f.grants <- struct{}{} }

// resting implements turn.
func (f *Feed) resting() { f.nudge() }

// want begins a poll for those who wait, or waits for the feed's turn.
func (f *Feed) want(now time.Time, asks ...*ask) {
	switch {
	case f.isResting(now):
		giveAll(asks, f.withoutRest(now))
		return
	case f.runs.item == nil:
		f.launch(now, asks[0])
		f.runs.flight.waiters = append(f.runs.flight.waiters, asks[1:]...)
		return
	}
	if r := &f.runs; len(r.queued) == 0 {
		r.queuedAt = now
	}
	f.runs.queued = append(f.runs.queued, asks...)
	f.dispatcher().ask(f.runs.item)
}

// begin uses the feed's turn, for those who wait or for subscribers, or gives it
// back.
func (f *Feed) begin(now time.Time) {
	r := &f.runs
	due, lingering := f.due(now)
	switch queued := r.queued; {
	case r.flight == nil && !r.over && len(queued) > 0:
		r.queued = nil
		f.launch(now, queued[0])
		r.flight.waiters = append(r.flight.waiters, queued[1:]...)
	case r.flight == nil && !r.over && (r.owed || !lingering && !now.Before(due)):
		f.launchInTime(now)
	default:
		f.dispatcher().decline(f.runs.item)
	}
}

// await has the feed given its turn when one is due, or sets the timer. It reports
// whether the feed is over.
func (f *Feed) await(now time.Time) (over bool) {
	r, d := &f.runs, f.dispatcher()
	switch {
	case len(r.queued) > 0:
		f.queue(now)
		return false
	case r.owed:
		d.ask(f.runs.item)
	}
	due, lingering := f.due(now)
	switch {
	case now.Before(due):
		r.aborted = false // nobody needs the poll that would have taken its place
	case lingering:
		d.rest(f.runs.item) // who is referred to but not held lives on, and would decline turn after turn
		return f.set.retire(f, true)
	}
	switch subscribers := f.subscribers.Load(); {
	case lingering, subscribers == 0 && now.Before(due):
		d.rest(f.runs.item)
		r.timer.Reset(due.Sub(now))
	case subscribers == 0:
		r.timer.Stop()
		d.ask(f.runs.item)
	default:
		r.timer.Stop()
		d.schedule(f.runs.item, subscribers, due, f.isUrgent())
	}
	return false
}

// queue lets those who wait for a turn wait no longer than a snapshot that there is
// is worth, or than a poll may take, and not while there are none to be had. The turn
// stays theirs: what it brings is for whoever asks next.
func (f *Feed) queue(now time.Time) {
	r := &f.runs
	switch end := r.queuedAt.Add(f.patience(now)); {
	case f.isResting(now):
		giveAll(r.queued, f.withoutRest(now))
	case now.Before(end):
		r.timer.Reset(end.Sub(now))
		return
	default:
		giveAll(r.queued, f.without(now, ErrBudget, "budget", max(f.policy().Interval, time.Second)))
	}
	r.queued, r.owed = nil, true
	f.nudge()
}

func (f *Feed) patience(now time.Time) time.Duration {
	p := f.policy()
	if f.isSpare(f.view.Load(), now) {
		return min(p.Interval, p.Timeout)
	}
	return p.Timeout
}
