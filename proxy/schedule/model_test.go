package schedule

import (
	"slices"
	"testing"
	"time"
)

// model knows what a schedule may do, and not how it does it.
type model struct {
	t      testing.TB
	w      *world
	budget float64

	begun  []time.Time // all turns
	rest   time.Time   // until when the origin is left alone
	feeds  map[*resource]*feed
	asked  []*feed
	full   bool          // as many are under way as may be
	served time.Duration // that the whole budget would have been there, if never cut
	calm   time.Time     // from when on there are only feeds that are scheduled to be polled
}

// feed is what the model knows of one.
type feed struct {
	*resource
	scheduled, waits, flying, urgent bool

	polled    time.Time // when the last poll began
	notBefore time.Time

	// since is when it began to be due for a poll, served how much was then, and
	// share the most seconds that there would have been between two polls since, if
	// all feeds had got the same.
	since  time.Time
	served time.Duration
	share  float64
	worst  float64 // share, whatever others do that are not scheduled

	turns, most int // that others had, and may have, while it waits
}

func newModel(t testing.TB, w *world, budget float64) *model {
	m := &model{t: t, w: w, budget: budget, feeds: map[*resource]*feed{}, calm: epoch}
	if w.late.Seconds()*budget > 0.1 {
		m.calm = after(1e9) // its timers are too late for its budget
	}
	return m
}

func (m *model) add(r *resource) { m.feeds[r] = &feed{resource: r} }

func (m *model) schedule(r *resource, notBefore time.Time, urgent bool) {
	f := m.feeds[r]
	f.notBefore, f.urgent = notBefore, urgent
	if !f.scheduled || notBefore.After(m.w.now) {
		m.renew(f)
	}
	f.scheduled = true
	m.measure()
}

// renew has a feed be due from now on, or from when it may be polled.
func (m *model) renew(f *feed) {
	f.since, f.served, f.share, f.worst = latest(m.w.now, f.notBefore), m.served, 0, 0
	f.share, f.worst = m.shares()
}

// measure takes in how many feeds there are.
func (m *model) measure() {
	share, worst := m.shares()
	for _, f := range m.feeds {
		f.share, f.worst = max(f.share, share), max(f.worst, worst)
	}
}

// shares is how many seconds there are between two polls of a feed without a fixed
// interval if all of these get the same: at the whole budget, and at any part of
// it, where it is counted in seconds of the whole budget.
func (m *model) shares() (share, worst float64) {
	var n, free, fixed, least float64
	for _, f := range m.feeds {
		if !f.scheduled {
			continue
		}
		n, least = n+1, least+1/f.terms.Max.Seconds()
		if f.terms.isFixed() {
			fixed += 1 / f.terms.Max.Seconds()
		} else {
			free++
		}
	}
	rate := m.budget / margin
	share, worst = n/rate, n/rate
	if least <= rate && free > 0 {
		share, worst = max(share, free/(rate-fixed)), max(worst, free*least/(least-fixed)/rate)
	}
	return share, worst
}

func (m *model) unschedule(r *resource) {
	m.feeds[r].scheduled, m.feeds[r].urgent = false, false
	m.measure()
}

func (m *model) ask(r *resource) {
	f := m.feeds[r]
	if !f.waits && !f.flying {
		f.waits, f.turns, f.most = true, 0, 2*len(m.asked)+1
		m.asked = append(m.asked, f)
	}
}

func (m *model) unask(r *resource) {
	if f := m.feeds[r]; f.waits {
		f.waits = false
		m.asked = slices.DeleteFunc(m.asked, func(other *feed) bool { return other == f })
	}
}

func (m *model) leave(r *resource) {
	m.unask(r)
	m.unschedule(r)
	delete(m.feeds, r)
}

// disturb notes that something other than the feeds that are scheduled needs turns,
// or takes them away, and that it takes a while until that is over.
func (m *model) disturb(lasts time.Duration) {
	share, _ := m.shares()
	m.calm = latest(m.calm, m.w.now.Add(lasts+duration(3*share)+2*remake))
}

func (m *model) leaveAlone(until time.Time) {
	m.rest = latest(m.rest, until)
	m.disturb(until.Sub(m.w.now))
}

// pass lets time pass.
func (m *model) pass(to time.Time) {
	if from := latest(m.w.now, m.rest); to.After(from) && !m.full {
		m.served += duration(to.Sub(from).Seconds() * m.w.p.budget.Rate(m.w.now) / m.budget)
	}
	for _, f := range m.feeds {
		if f.since.After(m.w.now) {
			f.served = m.served // it begins to count now
		}
	}
}

// begin takes in that a turn is given, and fails if it may not be.
func (m *model) begin(r *resource) {
	m.t.Helper()
	f, now := m.feeds[r], m.w.now
	switch {
	case f == nil:
		m.t.Fatalf("%v: a turn for one who has left", m.at())
	case f.flying:
		m.t.Fatalf("%v: a second poll of a feed", m.at())
	case !f.scheduled && !f.waits:
		m.t.Fatalf("%v: a turn for one who does not want it", m.at())
	case now.Before(m.rest):
		m.t.Fatalf("%v: the origin is to be left alone until %v", m.at(), m.rest.Sub(epoch))
	case (!f.waits || m.asked[0] != f) && now.Before(f.notBefore):
		m.t.Fatalf("%v: a poll %v too early", m.at(), f.notBefore.Sub(now))
	case (!f.waits || m.asked[0] != f) && !f.urgent && now.Sub(f.polled) < f.terms.Min:
		m.t.Fatalf("%v: a poll %v after the last, at least %v", m.at(), now.Sub(f.polled), f.terms.Min)
	case f.waits && m.asked[0] != f && !f.scheduled:
		m.t.Fatalf("%v: somebody else waits for longer", m.at())
	}
	m.begun = append(m.begun, now)
	wantCap(m.t, m.budget, m.begun[max(0, len(m.begun)-1-int(max(m.budget, 1)+1)):])
	m.check(f)
	if f.waits {
		m.disturb(10 * time.Second * 3) // they are counted that long
		m.unask(r)
	}
	for _, other := range m.asked {
		if other.turns++; other.turns > other.most {
			m.t.Fatalf("%v: %d turns of others while one waits, want %d", m.at(), other.turns, other.most)
		}
	}
	f.waits, f.flying, f.urgent, f.polled = false, true, false, now
	m.renew(f)
}
