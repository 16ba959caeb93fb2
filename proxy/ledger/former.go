package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxFormer is how many routes that are gone are known by name, so that one that
// comes back goes on where it was.
const maxFormer = 1000

// Account returns the account of a name, which is kept if there is or was a route of
// that name. It is none of the routes' until [Ledger.Follow] says so.
func (l *Ledger) Account(name string) *Route {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range [][]*Route{l.routes, l.former} {
		for _, r := range known {
			if r.name == name {
				return r
			}
		}
	}
	return l.newRoute(name, 0)
}

// Follow says which routes there are from now on, and which budgets and servers, which
// may be asked for at any time. What the other routes have counted stays in the totals.
func (l *Ledger) Follow(routes []*Route, budgets []func() Budget, serving []func() []Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	is := make(map[*Route]bool, len(routes))
	for _, r := range routes {
		is[r] = true
	}
	l.former = slices.DeleteFunc(l.former, func(r *Route) bool { return is[r] })
	for _, r := range l.routes {
		if !is[r] {
			l.former = append(l.former, r)
		}
	}
	l.routes, l.budgets = slices.Clone(routes), slices.Clone(budgets)
	l.serving = slices.Clone(serving)
	l.forgetLocked()
}

// forgetLocked adds the oldest of too many former routes to the rest. Those that
// somebody still holds are waited for.
func (l *Ledger) forgetLocked() {
	for i := 0; len(l.former) > maxFormer && i < len(l.former); {
		if r := l.former[i]; r.isQuiet() {
			l.rest.merge(r)
			l.former = slices.Delete(l.former, i, i+1)
		} else {
			i++
		}
	}
}

// isQuiet reports whether nobody is held, and no feed lives.
func (r *Route) isQuiet() bool {
	held := r.feeds.Load()
	for i := range r.subscribers {
		held += r.subscribers[i].Load()
	}
	return held == 0
}

// merge adds what another route has counted.
func (r *Route) merge(o *Route) {
	for i := range r.requests {
		r.requests[i].Add(o.requests[i].Load())
	}
	for to, from := range map[*atomic.Int64]*atomic.Int64{
		&r.polls: &o.polls, &r.passes: &o.passes, &r.inquiries: &o.inquiries, &r.notModified: &o.notModified, &r.errors: &o.errors,
		&r.saved: &o.saved, &r.savedBytes: &o.savedBytes, &r.savedMicros: &o.savedMicros, &r.updates: &o.updates, &r.deliveries: &o.deliveries,
	} {
		to.Add(from.Load())
	}
	r.held.advance(o.estimated())
	r.staleness.merge(&o.staleness)
	r.delivery.merge(&o.delivery)
	o.unshared.Range(func(reason, n any) bool {
		addTo(&r.unshared, reason.(string), n.(*atomic.Int64).Load())
		return true
	})
}

// advance adds polls that others would have sent.
func (h *held) advance(polls int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before += polls
}

// merge adds what another histogram has counted.
func (h *Histogram) merge(o *Histogram) {
	for i := range h.fine {
		h.fine[i].Add(o.fine[i].Load())
	}
	for i := range h.coarse {
		h.coarse[i].Add(o.coarse[i].Load())
	}
	h.micros.Add(o.micros.Load())
}

// listed are the routes that there are, and all that ever were.
func (l *Ledger) listed() (routes, all []*Route) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.routes), slices.Concat(l.routes, l.former, []*Route{l.rest})
}

// addTo counts n under a name.
func addTo(m *sync.Map, name string, n int64) {
	counted, ok := m.Load(name)
	if !ok {
		counted, _ = m.LoadOrStore(name, new(atomic.Int64))
	}
	counted.(*atomic.Int64).Add(n)
}
