//go:build linux && !goroutines

package fanout

import "time"

// send begins to send a frame.
func (h *shard) send(s *slot, frame []byte, last bool) {
	s.rest, s.last = frame, last
	h.push(s)
}

// push writes what the client takes of the frame on its way. Of what is published
// until it has taken the rest, it gets the newest only: so it costs one frame,
// however slow it is.
func (h *shard) push(s *slot) {
	n, err := h.socket.send(s, s.rest)
	if err != nil {
		h.lose(s)
		return
	}
	if s.rest = s.rest[n:]; len(s.rest) > 0 {
		h.tarries(s, n > 0)
		return
	}
	s.rest, s.allowed, s.stuck = nil, 0, 0
	h.sent(s)
}

// tarries sets when the client is given up: one that takes a little now and then
// would keep a large frame in memory for hours.
func (h *shard) tarries(s *slot, moved bool) {
	if s.pace.stall <= 0 {
		return
	}
	if s.allowed == 0 {
		moved, s.allowed = true, h.now+s.pace.stall
		if s.pace.rate > 0 {
			s.allowed += time.Duration(len(s.rest)) * time.Second / time.Duration(s.pace.rate)
		}
	}
	if moved {
		s.stuck = min(h.now+s.pace.stall, s.allowed)
	}
}

// sent is what follows from a frame that is written.
func (h *shard) sent(s *slot) {
	s.session.Sent()
	if s.last {
		h.part(s, s.good)
	} else if !s.pace.steady {
		h.pulse(s)
	}
}
