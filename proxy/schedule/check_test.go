package schedule

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// at says where a story went wrong.
func (m *model) at() string { return fmt.Sprintf("seed %d, after %v", m.w.seed, m.w.now.Sub(epoch)) }

// before is when the last poll of a feed began.
func (m *model) before(r *resource) (t time.Time) {
	if f := m.feeds[r]; f != nil {
		t = f.polled
	}
	return t
}

// giveBack takes in that the turn just given is not used.
func (m *model) giveBack(r *resource, before time.Time) {
	f := m.feeds[r]
	f.flying, f.polled = false, before
	m.disturb(0)
}

func (m *model) landed(r *resource, o Outcome) {
	f := m.feeds[r]
	f.flying = false
	if o.Took.Seconds() > f.share/10 {
		m.renew(f)
	}
	if f.visitor {
		delete(m.feeds, r)
	}
}

// check fails if a feed has not been polled for too long.
func (m *model) check(f *feed) {
	if !f.scheduled || f.flying {
		return
	}
	unpolled, served := m.w.now.Sub(f.since), min(m.served-f.served, m.w.now.Sub(f.since))
	if most := duration(3 * f.share); !f.terms.isFixed() && !f.since.Before(m.calm) && unpolled > max(most, f.terms.Min*21/20+duration(f.share))+m.w.late+tardiness {
		m.t.Fatalf("%v: not polled for %v, at most %v", m.at(), unpolled, most)
	}
	// Who asks gets every second turn at most.
	if most := duration(6*f.worst+4/m.budget) + 2*f.terms.Min + 4*remake; served > most {
		m.t.Fatalf("%v: not polled for %v, of which %v count, at most %v", m.at(), unpolled, served, most)
	}
}

// idle takes in that nothing may begin before then.
func (m *model) idle(at time.Time) {
	state := m.w.p.State(m.w.now)
	m.full = state.InFlight >= state.AtOnce
	if m.full {
		m.disturb(0)
	}
	if !at.IsZero() && !at.After(m.w.now) {
		m.t.Fatalf("%v: Next wants to be asked again at once", m.at())
	}
	for _, f := range m.feeds {
		m.check(f)
		if at.IsZero() && (f.waits || f.scheduled && !f.flying) {
			m.t.Fatalf("%v: Next waits for something to happen, and a feed for Next", m.at())
		}
	}
	m.consistent()
}

// isQueued reports whether a feed should wait for the turn that it has by schedule.
func (f *feed) isQueued() bool { return f.scheduled && !f.flying }

// consistent fails unless everything is where it belongs.
func (m *model) consistent() {
	m.inOrder()
	var scheduled, flying, counted, queued int
	for _, f := range m.feeds {
		m.inPlace(f)
		scheduled, flying = scheduled+count(f.scheduled), flying+count(f.flying)
		counted, queued = counted+count(f.counted), queued+count(f.isQueued())
	}
	p := m.w.p
	if inQueues := len(p.ready.items) + len(p.sure.items) + len(p.strict.items) + len(p.held.items); inQueues != queued || len(p.market.items) != scheduled {
		m.t.Fatalf("%v: %d in queues, want %d; %d in the market, want %d", m.at(), inQueues, queued, len(p.market.items), scheduled)
	}
	if p.flights.counted != counted || counted > flying {
		m.t.Fatalf("%v: %d count as under way, want %d of %d", m.at(), p.flights.counted, counted, flying)
	}
	if price := p.market.price; !(price > 0) || math.IsInf(price, 0) {
		m.t.Fatalf("%v: the price is %v", m.at(), price)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// inOrder fails unless queues and the market are.
func (m *model) inOrder() {
	p := m.w.p
	for _, q := range []*queue{&p.ready, &p.sure, &p.strict, &p.held} {
		for i, it := range q.items {
			if it.queue != q || it.place != i || i > 0 && q.when(it).Before(*q.when(q.items[(i-1)/2])) {
				m.t.Fatalf("%v: a queue is out of order", m.at())
			}
		}
	}
	for i, it := range p.market.items {
		if it.stall != i {
			m.t.Fatalf("%v: the market is out of order", m.at())
		}
	}
	if !slices.EqualFunc(p.asked, m.asked, func(it *Item, f *feed) bool { return it == f.Item }) {
		m.t.Fatalf("%v: others are asked for than should be", m.at())
	}
}

// inPlace fails unless a feed is where it belongs, and is due when it should be.
func (m *model) inPlace(f *feed) {
	it := f.Item
	if it.isScheduled() != f.scheduled || it.asked != f.waits || it.flying != f.flying || (it.queue != nil) != f.isQueued() {
		m.t.Fatalf("%v: scheduled %v, asked %v, flying %v, queued %v, want %v, %v, %v, %v", m.at(),
			it.isScheduled(), it.asked, it.flying, it.queue != nil, f.scheduled, f.waits, f.flying, f.isQueued())
	}
	if f.scheduled && !(it.interval >= f.terms.Min.Seconds()*(1-1e-9) && it.interval < 1e7) {
		m.t.Fatalf("%v: an interval of %v s, at least %v", m.at(), it.interval, f.terms.Min)
	}
	due := latest(f.polled.Add(f.terms.Min), f.notBefore)
	if m.w.p.market.isFixed(it) && f.isQueued() && !f.urgent && !f.polled.IsZero() && !it.due.Equal(due) {
		m.t.Fatalf("%v: a feed with a fixed interval is due at %v, want %v", m.at(), it.due.Sub(epoch), due.Sub(epoch))
	}
}

// end fails if anything is left.
func (m *model) end() {
	if s := m.w.p.State(m.w.now); s.InFlight+s.Scheduled+s.Waiting > 0 || len(m.w.flying) > 0 {
		m.t.Fatalf("%v: in the end %+v", m.at(), s)
	}
	wantCap(m.t, m.budget, m.begun)
}
