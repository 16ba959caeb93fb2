package authorize

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// ErrClosed: the register has been closed.
var ErrClosed = errors.New("the register is closed")

// Answer is what the origin says to a claim.
type Answer struct {
	Status int
	Header origin.Header
	Err    error // nobody knows
}

// LetsIn reports whether it is consent: the resource, or that it has not changed.
// A redirect is none: many an origin sends those who are logged out to a page.
func (a *Answer) LetsIn() bool {
	return a.Err == nil && (a.Status >= 200 && a.Status < 300 || a.Status == http.StatusNotModified)
}

// Unknown reports whether the answer tells nothing about the client: the origin
// fails, or wants to be left alone.
func (a *Answer) Unknown() bool {
	switch {
	case a.Err != nil, a.Status >= 500 && a.Status != http.StatusNetworkAuthenticationRequired:
		return true
	}
	return a.Status == http.StatusTooManyRequests || a.Status == http.StatusRequestTimeout || a.Status == http.StatusTooEarly
}

// inquiry is one that is under way.
type inquiry struct {
	done   chan struct{}
	answer Answer // valid once done is closed
}

// Inquire asks the origin about a claim, by ask, and notes what it says. It
// blocks until there is an answer, which ask has to bound in time. Whoever has
// the same claim meanwhile gets the same answer, but for a refusal: that says
// where to go from here (Location, a challenge), which is for one client only, so
// everybody asks for one of its own.
func (r *Register) Inquire(c Claim, t Terms, ask func(context.Context) Answer) Answer {
	q, own := r.join(c, t, ask)
	if <-q.done; own || q.answer.LetsIn() || q.answer.Unknown() {
		return q.answer
	}
	q = r.begin(c, t, ask)
	<-q.done
	return q.answer
}

// join returns the inquiry about a claim that is under way, or begins one.
func (r *Register) join(c Claim, t Terms, ask func(context.Context) Answer) (q *inquiry, own bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.asking[c]; q != nil {
		return q, false
	}
	q = r.beginLocked(c, t, ask)
	r.asking[c] = q
	return q, true
}

func (r *Register) begin(c Claim, t Terms, ask func(context.Context) Answer) *inquiry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.beginLocked(c, t, ask)
}

func (r *Register) beginLocked(c Claim, t Terms, ask func(context.Context) Answer) *inquiry {
	q := &inquiry{done: make(chan struct{})}
	if r.closed {
		q.answer = Answer{Err: ErrClosed}
		close(q.done)
		return q
	}
	r.running.Add(1)
	go r.run(q, c, t, ask) // waited for by Close
	return q
}

func (r *Register) run(q *inquiry, c Claim, t Terms, ask func(context.Context) Answer) {
	defer r.running.Done()
	defer close(q.done)
	began := time.Now()
	defer func() {
		if v := recover(); v != nil {
			q.answer = Answer{Err: fmt.Errorf("panic in an inquiry: %v", v)}
			r.report(q.answer.Err)
		}
		r.settle(q, c, t, began)
	}()
	q.answer = ask(r.ctx)
}

// settle notes the answer. A consent counts from when it was asked for.
func (r *Register) settle(q *inquiry, c Claim, t Terms, began time.Time) {
	switch {
	case q.answer.LetsIn():
		r.Grant(c, began, t)
	case !q.answer.Unknown():
		r.Revoke(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking[c] == q {
		delete(r.asking, c)
	}
}
