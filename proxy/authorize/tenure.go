package authorize

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Tenure is a client that is held on a claim. It is looked into again before
// each consent ends.
type Tenure struct {
	register *Register
	claim    Claim
	terms    Terms
	ask      func(context.Context) Answer
	over     atomic.Bool

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	end     func() // is told that it is over; nil if nobody is
}

// leastPause is how long a tenure is left alone at least while the origin cannot
// say.
const leastPause = time.Second

// Hold begins a tenure on a claim that holds now. Leave ends it.
func (r *Register) Hold(c Claim, t Terms, ask func(context.Context) Answer) *Tenure {
	x := &Tenure{register: r, claim: c, terms: t, ask: ask}
	pause := x.pause(time.Now())
	x.mu.Lock() // look, which may begin at once, needs the timer
	x.timer = time.AfterFunc(pause, x.look)
	x.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[c.Who] == nil {
		r.held[c.Who] = map[*Tenure]struct{}{}
	}
	r.held[c.Who][x] = struct{}{}
	return x
}

// OnOver has end called once the origin no longer lets the client in, at once if
// that is so already. It must not block, and may be called while Leave is.
func (x *Tenure) OnOver(end func()) {
	x.mu.Lock()
	over := x.over.Load()
	if !over && !x.stopped {
		x.end = end
	}
	x.mu.Unlock()
	if over {
		end()
	}
}

// IsOver reports whether the origin no longer lets the client in.
func (x *Tenure) IsOver() bool { return x.over.Load() }

// Leave ends the tenure. Nothing happens to it after.
func (x *Tenure) Leave() {
	x.mu.Lock()
	x.stopped, x.end = true, nil
	x.timer.Stop()
	x.mu.Unlock()
	r := x.register
	r.mu.Lock()
	defer r.mu.Unlock()
	same := r.held[x.claim.Who]
	if delete(same, x); len(same) == 0 {
		delete(r.held, x.claim.Who)
	}
}

// End ends it because the origin refuses the client.
func (x *Tenure) End() {
	x.register.Revoke(x.claim)
	x.mu.Lock()
	x.timer.Stop()
	x.over.Store(true)
	end := x.end
	x.end = nil
	x.mu.Unlock()
	if end != nil {
		end()
	}
}

// hurry has the claim looked into at once.
func (x *Tenure) hurry() { x.reset(0) }

func (x *Tenure) reset(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.stopped && !x.over.Load() {
		x.timer.Reset(d)
	}
}

// look asks again, unless somebody has meanwhile.
func (x *Tenure) look() {
	defer func() {
		if v := recover(); v != nil {
			x.register.report(fmt.Errorf("panic in a tenure: %v", v))
			x.End()
		}
	}()
	if pause := x.pause(time.Now()); pause > 0 {
		x.reset(pause)
		return
	}
	q, _ := x.register.join(x.claim, x.terms, x.ask)
	late := time.NewTimer(x.patience(time.Now()))
	defer late.Stop()
	select {
	case <-q.done:
	case <-late.C:
		x.End()
		return
	}
	answer, now := q.answer, time.Now()
	switch {
	case answer.LetsIn():
		x.reset(max(x.pause(now), x.terms.TTL/4))
	case x.register.Excuses(x.claim, x.terms, &answer, now):
		x.reset(max(x.terms.TTL/4, leastPause))
	default:
		x.End()
	}
}

// patience is for how long an answer is waited for: no longer than the consent
// lasts, as one that never comes would have the client stay for ever.
func (x *Tenure) patience(now time.Time) time.Duration {
	return max(x.register.tolerated(x.claim).Sub(now), x.terms.TTL/4, leastPause)
}

// pause is for how long the consent need not be looked into: most of what is
// left of it, so that those who came together do not all ask together, and that
// the answer is there before the end. It is 0 if it is time.
func (x *Tenure) pause(now time.Time) time.Duration {
	left := x.register.until(x.claim).Sub(now)
	if left <= x.terms.TTL/4 {
		return 0
	}
	return left - x.terms.TTL/8 - rand.N(x.terms.TTL/8+1)
}
