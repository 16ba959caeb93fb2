//go:build linux && !goroutines

package fanout

import "time"

const (
	// tick is how exactly deadlines are met. A shard wakes up for the ticks in which
	// there is something to do, and for no others.
	tick   = 20 * time.Millisecond
	spokes = 512 // ticks of a turn; who is due later is looked at once per turn
)

// wheel is a timing wheel of slots: putting one in costs the same however many
// there are, and moving a deadline back costs nothing, since who is met too early
// is put in again. It belongs to its shard.
type wheel struct {
	rim   [spokes]*slot
	at    int64 // the next tick to be looked at
	count int
}

// put has a slot met at its next deadline, if it is not met earlier anyway.
func (w *wheel) put(s *slot, now time.Duration) {
	due := s.due()
	if due == 0 {
		return
	}
	current := int64(now / tick)
	if w.count == 0 {
		w.at = max(w.at, current)
	}
	// Rounded up, as nobody is met before the time, and no further away than a
	// turn.
	t := min(max(int64((due+tick-1)/tick), current+1), w.at+spokes-1)
	if s.hung && s.met <= t {
		return
	}
	w.take(s)
	s.met, s.hung = t, true
	head := &w.rim[t%spokes]
	if s.after = *head; s.after != nil {
		s.after.before = s
	}
	*head = s
	w.count++
}

// take takes a slot out.
func (w *wheel) take(s *slot) {
	if !s.hung {
		return
	}
	if s.before != nil {
		s.before.after = s.after
	} else {
		w.rim[s.met%spokes] = s.after
	}
	if s.after != nil {
		s.after.before = s.before
	}
	s.before, s.after, s.hung = nil, nil, false
	w.count--
}

// turn meets everybody whose tick has come.
func (w *wheel) turn(now time.Duration, meet func(*slot)) {
	last := int64(now / tick)
	for ; w.at <= last && w.count > 0; w.at++ {
		for s := w.rim[w.at%spokes]; s != nil; s = w.rim[w.at%spokes] {
			w.take(s)
			meet(s)
			w.put(s, now) // never where it was met
		}
	}
	w.at = max(w.at, last+1)
}

// next is when the wheel has to be turned, 0 if it need not be.
func (w *wheel) next() time.Duration {
	if w.count == 0 {
		return 0
	}
	for t := w.at; ; t++ {
		if w.rim[t%spokes] != nil {
			return time.Duration(t) * tick
		}
	}
}
