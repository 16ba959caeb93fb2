//go:build linux && !goroutines

package fanout

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// enter begins a session.
func (h *shard) enter(s *slot, early []byte) {
	if h.closing {
		h.finish(s, Gone)
		return
	}
	h.place(s)
	h.begin(s)
	if h.draining {
		s.leave = h.now + h.engine.leaveIn() + 1
	}
	if len(early) > 0 {
		h.heed(s, early)
	}
	h.attend(s)
}

// place makes a slot known by its descriptor. Who had that before has been closed
// by somebody else.
func (h *shard) place(s *slot) {
	n := h.at(s.fd)
	if more := n + 1 - len(h.slots); more > 0 {
		h.slots = append(h.slots, make([]*slot, more)...)
	}
	if former := h.slots[n]; former != nil {
		h.finish(former, Gone)
	}
	h.generation++
	s.generation = h.generation
	h.slots[n] = s
}

// at is where the slot with a descriptor lies: of those, the shard has each stride-th.
func (h *shard) at(fd int32) int { return int(fd) / h.stride }

// begin begins the time that the client is held.
func (h *shard) begin(s *slot) {
	if s.hold > 0 {
		s.over = h.soon(s.hold)
	}
	h.pulse(s)
}

// beatsTogether is into how many instants the beats of its time fall. To write to many
// clients at once costs less than to write to each at a time of its own: in between,
// both sides go to sleep and have to be woken.
const beatsTogether = 32

// pulse sets when the client has to hear something next.
func (h *shard) pulse(s *slot) {
	if s.pace.beat <= 0 || s.phase != live {
		return
	}
	s.beat = h.soon(jittered(s.pace.beat))
	if grain := s.pace.beat / beatsTogether; grain > tick && s.beat-h.now > grain {
		s.beat -= s.beat % grain
	}
}

// soon is a deadline that is not met late, as far as it is up to the wheel.
func (h *shard) soon(d time.Duration) time.Duration { return h.now + max(d-tick, 1) }

// framesPerTurn is how many a slot is sent before others have theirs: a source
// that never rests keeps nobody waiting.
const framesPerTurn = 4

// attend hears a client, and sends it what there is for it.
func (h *shard) attend(s *slot) {
	defer h.settle(s)
	defer h.contain(s)
	if h.listen(s) {
		h.ask(s)
	}
	if s.unread && !s.working && len(s.rest) == 0 {
		h.enqueue(s)
	}
}

// ask sends a client what there is for it.
func (h *shard) ask(s *slot) {
	for range framesPerTurn {
		if s.phase > parting || len(s.rest) > 0 {
			return
		}
		if s.asked {
			h.say(s)
			return
		}
		s.asked = s.phase == parting
		frame, changed, last := s.session.Next()
		switch {
		case len(frame) > 0:
			h.send(s, frame, last)
		case last:
			h.part(s, Done)
		case s.phase == live:
			h.park(s, changed)
			return
		}
	}
	h.enqueue(s)
}

// say sends the session's words, its last.
func (h *shard) say(s *slot) {
	words := s.session.Expire
	if s.leaving {
		words, s.good = s.session.Leave, Drained
	}
	if frame := words(); len(frame) > 0 {
		h.send(s, frame, true)
		return
	}
	h.part(s, s.good)
}

// settle sets what the poller and the wheel look after, after anything has
// happened to a slot.
func (h *shard) settle(s *slot) {
	if s.phase == ended {
		return
	}
	if !s.watched || len(s.rest) > 0 && !s.watchedOut {
		h.watch(s)
	}
	h.wheel.put(s, h.now)
}

// watch has the poller tell of a slot, also when it can be written to once it has
// tarried.
func (h *shard) watch(s *slot) {
	op, interest := unix.EPOLL_CTL_ADD, uint32(unix.EPOLLIN|unix.EPOLLRDHUP)
	if s.watched {
		op = unix.EPOLL_CTL_MOD
	}
	if len(s.rest) > 0 {
		interest |= unix.EPOLLOUT
		s.watchedOut = true
	}
	s.watched = true
	err := h.socket.watch(s, op, interest)
	switch {
	case errors.Is(err, net.ErrClosed):
		h.finish(s, Gone)
	case err != nil:
		h.engine.report(fmt.Errorf("a held connection was closed: %w", err))
		h.finish(s, Failed)
	}
}
