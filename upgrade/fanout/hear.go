//go:build linux && !goroutines

package fanout

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// What the poller is asked to tell. That a socket has failed it tells always.
const (
	canRead  = unix.EPOLLIN | unix.EPOLLRDHUP
	canWrite = unix.EPOLLOUT | unix.EPOLLRDHUP
	hungUp   = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
)

// hear deals with sockets that have become ready.
func (h *shard) hear(events []unix.EpollEvent) {
	h.look()
	for i := range events {
		e := &events[i]
		if s := h.slots[e.Fd]; s != nil && s.generation == e.Pad {
			s.armed = 0
			h.heedSocket(s, e.Events)
			h.settle(s)
		}
	}
	h.poll.taken <- struct{}{}
}

func (h *shard) heedSocket(s *slot, events uint32) {
	defer h.contain(s)
	if len(s.rest) > 0 && events&unix.EPOLLOUT != 0 {
		h.push(s)
	}
	switch {
	case s.phase == ended:
		return
	case len(s.rest) > 0 || s.working:
		// Nothing is read, so who leaves is known by the poller only.
		if events&hungUp != 0 {
			h.finish(s, Gone)
		}
		return
	case events&^unix.EPOLLOUT != 0:
		h.listen(s)
	}
	h.ask(s)
}

// listen reads what the client says.
func (h *shard) listen(s *slot) {
	p, err := h.socket.receive(s)
	switch {
	case err != nil && s.phase == lingering:
		h.finish(s, s.good)
	case err != nil:
		h.finish(s, Gone)
	case len(p) > 0 && !s.finished:
		h.heed(s, p)
	}
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
	default:
		// Its words come next, whatever else there would be to say.
		s.phase, s.asked, s.leaving = parting, true, false
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
		h.engine.tell(s.conn, s.tell, s.good)
	case end != Done:
		h.finish(s, end)
	default:
		h.heed(s, nil)
		h.ask(s)
	}
}

// arm sets what the poller is to tell next.
func (h *shard) arm(s *slot) {
	interest := uint32(canRead)
	switch {
	case len(s.rest) > 0:
		interest = canWrite
	case s.working:
		return
	}
	if s.armed == interest {
		return
	}
	err := h.socket.watch(s, interest, h.known[s.fd])
	switch {
	case errors.Is(err, net.ErrClosed):
		h.finish(s, Gone)
	case err != nil:
		h.engine.report(fmt.Errorf("a held connection was closed: %w", err))
		h.finish(s, Failed)
	}
	s.armed, h.known[s.fd] = interest, true
}
