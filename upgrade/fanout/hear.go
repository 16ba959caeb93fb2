//go:build linux && !goroutines

package fanout

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	// closed is told of a client that says nothing more, or is there no more.
	closed = unix.EPOLLRDHUP | dead

	// dead is told of a connection on which nothing can be sent either.
	dead = unix.EPOLLHUP | unix.EPOLLERR
)

// hear deals with sockets that have become ready.
func (h *shard) hear(events []unix.EpollEvent) {
	h.look()
	for i := range events {
		e := &events[i]
		if s := h.slots[h.at(e.Fd)]; s != nil && s.generation == e.Pad {
			h.note(s, e.Events)
			h.attend(s)
		}
	}
	h.poll.taken <- struct{}{}
}

// note notes what has changed of a socket.
func (h *shard) note(s *slot, events uint32) {
	defer h.contain(s)
	s.unread = s.unread || events&^unix.EPOLLOUT != 0
	s.closed = s.closed || events&closed != 0
	if len(s.rest) > 0 && events&unix.EPOLLOUT != 0 {
		h.push(s)
	}
	if events&dead != 0 && (len(s.rest) > 0 || s.working) {
		h.lose(s) // reading will not tell
	}
}

// readsPerTurn is how often a slot is read from before others have their turn.
const readsPerTurn = 4

// listen reads what the client says. It reports false if there is nothing to be
// asked: the session has ended, or waits.
func (h *shard) listen(s *slot) bool {
	for range readsPerTurn {
		if s.phase == ended || len(s.rest) > 0 {
			return false
		}
		if !s.unread || s.working || s.asked {
			return true // its words come before what else it says, as when it leaves
		}
		p, err := h.socket.receive(s)
		s.unread = len(p) == len(h.socket.buf) || len(p) > 0 && s.closed
		switch {
		case err != nil && s.phase == lingering:
			h.finish(s, s.good)
		case err != nil:
			h.finish(s, Gone)
		case len(p) > 0 && !(s.finished && s.phase == lingering):
			h.heed(s, p)
		}
	}
	return s.phase != ended
}

// heed lets the session know what the client said; no bytes after work.
func (h *shard) heed(s *slot, p []byte) {
	defer h.contain(s)
	verdict, work := s.session.Heard(p)
	if work != nil {
		s.working = true
		go h.work(s, work) // waited for by worked
	}
	s.finished = verdict == Finished
	switch {
	case verdict == Tiresome:
		h.finish(s, Gone)
	case verdict == Listening:
	case s.phase == lingering:
		h.hangUp(s)
	case s.phase == resting && verdict == Renewed:
		s.calm()
		s.phase, s.asked, s.leaving, s.last = live, false, false, false
		h.begin(s)
	case s.phase == resting:
		h.finish(s, Done)
	default:
		// Its words come next, whatever else there would be to say.
		s.phase, s.asked, s.leaving, s.spoken = parting, true, false, true
		h.unpark(s)
	}
}

// work does what a session asked for, which may block.
func (h *shard) work(s *slot, work func()) {
	what := broken
	defer func() {
		if r := recover(); r != nil {
			h.engine.report(fmt.Errorf("panic while listening to a held connection: %v", r))
		}
		h.call(call{slot: s, what: what})
	}()
	work()
	what = worked
}

// worked goes on with a slot whose work is done.
func (h *shard) worked(s *slot, end End) {
	s.working = false
	switch {
	case s.phase == ended:
		if end != Done || !h.hearsMore(s) {
			h.engine.tell(s.conn, s.tell, s.good)
		}
	case end != Done:
		h.finish(s, end)
	default:
		h.heed(s, nil)
		h.attend(s)
	}
}

// hearsMore has a session whose client is gone go on with what that had said before:
// it was heard, and the client may have thought that enough.
func (h *shard) hearsMore(s *slot) bool {
	defer h.contain(s)
	if h.closing || s.good == Failed {
		return false
	}
	if _, work := s.session.Heard(nil); work != nil {
		s.working = true
		go h.work(s, work) // waited for by worked
	}
	return s.working
}
