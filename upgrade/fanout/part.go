//go:build linux && !goroutines

package fanout

import "golang.org/x/sys/unix"

// meet does what is due of a slot.
func (h *shard) meet(s *slot) {
	defer h.contain(s)
	switch {
	case isDue(&s.stuck, h.now):
		h.giveUp(s)
	case isDue(&s.leave, h.now):
		h.sayGoodbye(s, true)
	case s.phase > parting && isDue(&s.over, h.now):
		if s.working && s.good == Gone {
			s.over = h.now + s.pace.linger // it says nothing more; what it did say is taken one by one
			return
		}
		h.finish(s, s.good)
	case isDue(&s.over, h.now):
		h.sayGoodbye(s, false)
	case isDue(&s.beat, h.now):
		h.breakSilence(s)
	}
}

// giveUp ends the session of a client that takes nothing. It may have just done that,
// or done it while this process stood still: nobody has looked yet.
func (h *shard) giveUp(s *slot) {
	switch h.push(s); {
	case s.phase != ended && len(s.rest) == 0:
		h.attend(s)
	case s.stuck <= h.now:
		h.finish(s, Stuck)
	}
}

// sayGoodbye ends the session with its words, behind what the client has yet to
// see.
func (h *shard) sayGoodbye(s *slot, leaving bool) {
	if s.phase != live {
		return
	}
	stuck := s.stuck
	s.calm()
	s.phase, s.leaving, s.stuck = parting, leaving, stuck
	h.unpark(s)
	h.attend(s)
}

// breakSilence sends what keeps the connection alive, unless a frame is on its way.
func (h *shard) breakSilence(s *slot) {
	h.pulse(s)
	if len(s.rest) > 0 {
		return
	}
	frame, last := s.session.Beat()
	switch {
	case last:
		h.finish(s, Gone)
	case len(frame) > 0:
		h.send(s, frame, false)
		h.settle(s)
	}
}

// part is what follows the last frame: the client may take its leave as well, or
// begin anew.
func (h *shard) part(s *slot, good End) {
	h.unpark(s)
	s.calm()
	s.asked = false
	switch s.good = good; {
	case s.pace.linger > 0:
		s.phase, s.over = lingering, h.now+s.pace.linger
		h.hangUp(s)
	case s.pace.rest > 0 && good == Done && !s.spoken && !h.draining:
		s.phase, s.over = resting, h.now+s.pace.rest
	default:
		h.finish(s, good)
	}
}

// lose ends the session of a client that cannot be sent anything any more. One that
// is lingered for is heard out: what it has sent before it left lies in the socket,
// and reading fails behind that.
func (h *shard) lose(s *slot) {
	if s.pace.linger <= 0 || s.finished {
		h.finish(s, Gone)
		return
	}
	h.unpark(s)
	s.calm()
	s.rest, s.asked, s.good = nil, false, Gone
	s.phase, s.over, s.unread = lingering, h.now+s.pace.linger, true
	h.enqueue(s)
}

// hangUp ends our half of the connection, once the client is finished: one that
// is closed with unread bytes is reset, and what was written last is lost.
func (h *shard) hangUp(s *slot) {
	if s.finished {
		h.socket.shut(s)
	}
}

// finish ends a session. Its account is ended once there is no work under way.
func (h *shard) finish(s *slot, end End) {
	if s.phase == ended {
		return
	}
	s.phase, s.rest, s.good = ended, nil, end
	h.unpark(s)
	h.wheel.take(s)
	s.calm()
	if n := h.at(s.fd); n < len(h.slots) && h.slots[n] == s {
		h.slots[n] = nil
	}
	if end != Done {
		_ = s.conn.Close()
	} else if s.watched {
		_ = h.socket.watch(s, unix.EPOLL_CTL_DEL, 0) // it is closed otherwise
	}
	if !s.working {
		h.engine.tell(s.conn, s.tell, end)
	}
}
