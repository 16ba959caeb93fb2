package history

import (
	"sync"
	"time"

	"github.com/pollmux/pollmux/proxy/ledger"
)

const (
	// Step is the time between two points.
	Step = 5 * time.Second

	// Points is how many of them are kept: those of an hour.
	Points = int(time.Hour / Step)

	// perWindow is after how many steps the quantiles forget what is older than
	// that.
	perWindow = int(time.Minute / Step)
)

// History is what was in the last hour. Its methods may be called concurrently.
type History struct {
	mu     sync.Mutex
	began  time.Time
	last   time.Time // of the last step
	steps  int       // since it began
	totals ring
	routes map[string]*track
}

// New returns a history that begins now.
func New(now time.Time) *History {
	return &History{began: now, last: now, routes: map[string]*track{}}
}

// Tick adds a point if it is time for one, and reports whether it was. It is to be
// called more often than once in a Step, by one goroutine. A process that was
// stopped for a while makes up for it: what it counted is spread over that while.
func (h *History) Tick(now time.Time, l *ledger.Ledger) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	took := now.Sub(h.last)
	times := int((took + Step/8) / Step)
	if times < 1 {
		return false
	}
	s := step{seconds: took.Seconds(), times: times, turn: (h.steps+times)/perWindow > h.steps/perWindow}
	h.steps += times
	h.last = now
	h.note(l.Routes(), &s)
	return true
}

func (h *History) note(routes []*ledger.Route, s *step) {
	var total Point
	var now ledger.Reading // too large for each of them to have its own
	kept := make(map[string]*track, len(routes))
	for _, r := range routes {
		t := h.track(r, h.steps > s.times)
		kept[r.Name()] = t
		r.Read(&now)
		total.add(t.note(&now, s))
	}
	s.recent.tell(&total)
	h.totals.push(total, s.times)
	h.routes = kept // without those that are no more
}

// track is that of a route: a new one, or the one that went on under its name with
// another account. One that is late may come back with an account of long ago.
func (h *History) track(r *ledger.Route, late bool) *track {
	t := h.routes[r.Name()]
	if t == nil {
		t = &track{late: late}
	}
	if t.route != r {
		t.route, t.past = r, nil
	}
	return t
}
