package history

import (
	"github.com/pollmux/pollmux/proxy/ledger"
)

// track is the history of one route.
type track struct {
	route *ledger.Route // whose account it was last
	ring
	past *past // nil until something was counted
	late bool  // nobody knows when it counted what it says at first
}

// past is what a route's account said before.
type past struct {
	last                ledger.Reading // of which the counts are older than a minute, at most two
	staleness, delivery ledger.Counts  // at the last change of window
}

// step is what all tracks do at one time.
type step struct {
	seconds float64 // since the last
	times   int     // how many steps there should have been
	turn    bool    // the window changes
	recent  window  // of all tracks together
	own     window  // of the one at hand
}

// note makes a point of a reading.
func (t *track) note(now *ledger.Reading, s *step) Point {
	late := t.late
	t.late = false
	if t.past == nil {
		if isZero(now) {
			t.push(Point{}, s.times)
			return Point{}
		}
		t.past = &past{}
		if late {
			t.past = &past{last: *now, staleness: now.Staleness, delivery: now.Delivery}
		}
	}
	last := &t.past.last
	s.own = window{}
	s.own.add(last, now)
	s.recent.add(last, now)
	p := Point{
		Would: s.rate(last.Would, now.Would), Origin: s.rate(last.Origin, now.Origin), Errors: s.rate(last.Errors, now.Errors),
		SavedBytes: s.rate(last.SavedBytes, now.SavedBytes), Subscribers: float32(now.Held),
	}
	s.own.tell(&p)
	t.push(p, s.times)
	t.past.note(now, s.turn)
	return p
}

// isZero reports whether nothing has ever happened.
func isZero(r *ledger.Reading) bool {
	return r.Would|r.Origin|r.Errors|r.SavedBytes|r.Held == 0
}

// note makes now what was last; and the counts, if the window changes.
func (p *past) note(now *ledger.Reading, turn bool) {
	p.last.Would, p.last.Origin, p.last.Errors, p.last.SavedBytes = now.Would, now.Origin, now.Errors, now.SavedBytes
	if turn {
		p.last.Staleness, p.last.Delivery = p.staleness, p.delivery
		p.staleness, p.delivery = now.Staleness, now.Delivery
	}
}

// rate is what was counted per second. What is estimated may be estimated anew, and
// lower.
func (s *step) rate(before, now int64) float32 {
	return float32(float64(max(now-before, 0)) / s.seconds)
}

// window is what histograms counted lately.
type window struct{ staleness, delivery ledger.Counts }

func (w *window) add(before, now *ledger.Reading) {
	w.staleness.AddSince(&before.Staleness, &now.Staleness)
	w.delivery.AddSince(&before.Delivery, &now.Delivery)
}

// tell puts the quantiles into a point.
func (w *window) tell(p *Point) {
	p.StalenessP50, p.StalenessP99 = float32(w.staleness.Quantile(0.5)), float32(w.staleness.Quantile(0.99))
	p.DeliveryP50, p.DeliveryP99 = float32(w.delivery.Quantile(0.5)), float32(w.delivery.Quantile(0.99))
}
