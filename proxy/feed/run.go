package feed

import (
	"fmt"
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
			f.take(a)
		case l := <-f.landed:
			f.land(l)
		case <-f.poked:
		case <-f.runs.timer.C:
		case <-f.evicted:
			return
		case <-f.set.ctx.Done():
			return
		}
		if f.decide(time.Now()) {
			return
		}
	}
}

// end publishes that there is nothing more to come, and waits for the poll
// under way.
func (f *Feed) end() {
	r := &f.runs
	r.timer.Stop()
	if r.flight != nil {
		r.flight.cancel()
		l := <-f.landed
		l.discard()
		r.late = append(r.late, r.flight.waiters...)
	}
	f.set.retire(f, false)
	if f.Latest().Ended == nil {
		f.publish(f.view.Load().with(upgrade.State{Update: f.Latest().Update, Ended: upgrade.ErrClosed}), true)
	}
	f.replyAll(r.late, Answer{Err: ErrClosed})
	f.free()
	f.spec.Meter.Closed()
	close(f.done)
}

// take answers an ask, or makes it wait.
func (f *Feed) take(a *ask) {
	now := time.Now()
	if answer, ok := f.Hit(now); ok {
		a.reply <- answer
		return
	}
	r := &f.runs
	switch {
	case r.over:
		a.reply <- Answer{Err: ErrClosed}
	case r.flight != nil && !r.flight.aborted && r.flight.generation >= a.generation:
		r.flight.waiters = append(r.flight.waiters, a)
	case r.flight != nil:
		r.late = append(r.late, a)
	case r.failure != nil && now.Before(r.next):
		a.reply <- f.fallback(now)
	default:
		f.launch(now, a)
	}
}

// decide starts what is due and sets the timer for what will be. It reports
// whether the feed is over.
func (f *Feed) decide(now time.Time) (over bool) {
	r := &f.runs
	if r.flight != nil {
		f.abortOutdated()
		return false
	}
	if len(r.late) > 0 {
		first := r.late[0]
		rest := r.late[1:]
		r.late = nil
		f.launch(now, first)
		r.flight.waiters = append(r.flight.waiters, rest...)
		return false
	}
	if r.over {
		return f.set.retire(f, true)
	}
	due, lingering := f.due()
	if !due.IsZero() && !now.Before(due) {
		if lingering {
			return f.set.retire(f, true)
		}
		f.launch(now, nil)
		return false
	}
	if due.IsZero() {
		r.timer.Stop()
	} else {
		r.timer.Reset(due.Sub(now))
	}
	return false
}

// abortOutdated ends a poll that began before a write, so that the one that
// shows its effect need not wait for it.
func (f *Feed) abortOutdated() {
	fl := f.runs.flight
	if !fl.aborted && !fl.protected && fl.generation < f.generation.Load() {
		fl.aborted = true
		fl.cancel()
	}
}

// due returns when there is something to do: a poll, for subscribers or because
// one was wanted, or the end of lingering. Zero means never.
func (f *Feed) due() (at time.Time, lingering bool) {
	r := &f.runs
	v := f.view.Load()
	switch {
	case f.subscribers.Load() == 0 && !f.wanted.Load():
		used := f.set.epoch.Add(time.Duration(f.used.Load()))
		return used.Add(max(f.spec.Policy.Linger, v.alone.Sub(used))), true
	case v.generation != f.generation.Load() && r.failures == 0:
		return f.set.epoch, false // at once
	default:
		return maxTime(r.next, f.set.epoch), false
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

func (f *Feed) replyAll(asks []*ask, answer Answer) {
	for _, a := range asks {
		a.reply <- answer
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// String names the feed for logs, without its key, which may hold secrets.
func (f *Feed) String() string { return fmt.Sprintf("%s#%s", f.spec.Route, f.tag) }
