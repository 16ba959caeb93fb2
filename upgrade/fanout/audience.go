//go:build linux && !goroutines

package fanout

// audience are the slots of a shard that wait for the same channel, and so for
// the same source: who publishes wakes the shard once, however many they are.
type audience struct {
	changed <-chan struct{}
	slots   []*slot
	empty   chan struct{} // closed when the last slot has left
}

// watch tells the shard of the change.
func (a *audience) watch(h *shard) {
	select {
	case <-a.changed:
		h.call(call{audience: a, what: publish})
	case <-a.empty:
	}
}

// park has a slot wait for a channel; nil is one that is never closed.
func (h *shard) park(s *slot, changed <-chan struct{}) {
	if s.audience != nil {
		if s.audience.changed == changed {
			return
		}
		h.unpark(s)
	}
	if changed == nil {
		return
	}
	a := h.latest
	if a == nil || a.changed != changed {
		a = h.audienceOf(changed)
	}
	s.audience, s.seat = a, int32(len(a.slots))
	a.slots = append(a.slots, s)
}

func (h *shard) audienceOf(changed <-chan struct{}) *audience {
	a := h.audiences[changed]
	if a == nil {
		a = &audience{changed: changed, empty: make(chan struct{}), slots: h.seats}
		h.seats = nil
		h.audiences[changed] = a
		go a.watch(h) // ended by the change, or by unpark
	}
	h.latest = a
	return a
}

// unpark has a slot wait for nothing.
func (h *shard) unpark(s *slot) {
	a := s.audience
	if a == nil {
		return
	}
	last := len(a.slots) - 1
	a.slots[s.seat] = a.slots[last]
	a.slots[s.seat].seat = s.seat
	a.slots[last] = nil
	a.slots, s.audience = a.slots[:last], nil
	if last == 0 {
		h.dismiss(a)
		close(a.empty)
	}
}

// dismiss forgets an audience.
func (h *shard) dismiss(a *audience) {
	delete(h.audiences, a.changed)
	if h.latest == a {
		h.latest = nil
	}
}

// wakeAll has everybody asked who waited for a change, beginning with another
// one each time: nobody is always the last.
func (h *shard) wakeAll(a *audience) {
	if h.audiences[a.changed] != a {
		return
	}
	h.dismiss(a)
	if n := len(a.slots); n > 0 {
		h.turn += n/3 + 1
		for i := range a.slots {
			h.enqueue(a.slots[(i+h.turn)%n])
		}
	}
	for i, s := range a.slots {
		s.audience = nil
		a.slots[i] = nil
	}
	h.seats = a.slots[:0] // for the next audience
}
