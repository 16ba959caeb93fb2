//go:build linux && !goroutines

package fanout

import (
	"fmt"
	"sync"
	"time"
)

// turnLength is how many slots are asked before the shard looks at what else
// there is.
const turnLength = 256

// order is what a shard is told.
type order uint8

const (
	enter order = iota
	wake
	worked
	broken
	publish
	drain
	closeHeld
	stop
)

// call is an order with what it is about.
type call struct {
	slot     *slot
	audience *audience
	early    []byte
	what     order
}

// shard serves its slots from one goroutine, run, which has everything but the
// calls: whoever wants something of a slot calls.
type shard struct {
	engine *Engine
	epoch  time.Time
	poll   *poller
	bell   chan struct{} // room for one: there are calls
	done   chan struct{} // closed by run
	stride int           // between its descriptors: how many shards there are

	mu    sync.Mutex
	calls []call

	now        time.Duration // since epoch, as of the last look
	answered   []call        // calls, of the last time
	slots      []*slot       // by descriptor: see at
	generation int32
	queue      []*slot // to be asked
	next       int     // of the queue
	audiences  map[<-chan struct{}]*audience
	latest     *audience // that somebody was added to
	seats      []*slot   // of an audience that is no more
	turn       int       // whom a publication begins with
	wheel      wheel
	timer      *time.Timer
	socket     socket
	draining   bool
	closing    bool
	stopped    bool
}

func newShard(e *Engine) (*shard, error) {
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	h := &shard{
		engine: e, epoch: time.Now(), poll: poll, bell: make(chan struct{}, 1), done: make(chan struct{}), stride: 1,
		audiences: map[<-chan struct{}]*audience{}, timer: time.NewTimer(time.Hour), draining: e.isDraining(),
	}
	h.socket.init(poll)
	return h, nil
}

// call has run obey. It does not block.
func (h *shard) call(c call) {
	h.mu.Lock()
	h.calls = append(h.calls, c)
	h.mu.Unlock()
	select {
	case h.bell <- struct{}{}:
	default:
	}
}

func (h *shard) run() {
	defer close(h.done)
	for !h.stopped {
		h.wait()
		h.obey()
		if next := h.wheel.next(); next != 0 && next <= h.now {
			h.wheel.turn(h.now, h.meet)
		}
		h.askSome()
	}
	h.poll.close()
	for range h.poll.ready { // until it is closed
		h.poll.taken <- struct{}{}
	}
}

// wait returns when there is something to do. It has dealt with what sockets have
// become ready.
func (h *shard) wait() {
	if h.next < len(h.queue) {
		select {
		case events := <-h.poll.ready:
			h.hear(events)
		default:
		}
		h.look()
		return
	}
	var clock <-chan time.Time
	if next := h.wheel.next(); next != 0 {
		h.timer.Reset(next - h.look())
		clock = h.timer.C
	}
	select {
	case <-h.bell:
	case events := <-h.poll.ready:
		h.hear(events)
	case <-clock:
	}
	h.look()
}

// look reads the clock.
func (h *shard) look() time.Duration {
	h.now = time.Since(h.epoch)
	return h.now
}

// obey does what the shard was called for.
func (h *shard) obey() {
	h.mu.Lock()
	calls := h.calls
	h.calls, h.answered = h.answered[:0], nil
	h.mu.Unlock()
	for i := range calls {
		h.follow(&calls[i])
	}
	clear(calls)
	if h.answered = calls; cap(calls) > maxAnswered {
		h.answered = nil
	}
}

// maxAnswered is how much room is kept for calls: a rush needs more of it, once.
const maxAnswered = 1024

func (h *shard) follow(c *call) {
	switch c.what {
	case enter:
		h.enter(c.slot, c.early)
	case wake:
		h.enqueue(c.slot)
	case worked:
		h.worked(c.slot, Done)
	case broken:
		h.worked(c.slot, Failed)
	case publish:
		h.wakeAll(c.audience)
	case drain:
		h.draining = true
		h.each(h.dismissSoon)
	case closeHeld:
		h.closing = true
		h.each(func(s *slot) { h.finish(s, Gone) })
	case stop:
		h.stopped = true
	}
}

// each does something to every slot.
func (h *shard) each(do func(*slot)) {
	for _, s := range h.slots {
		if s != nil {
			do(s)
		}
	}
}

// dismissSoon has a slot say goodbye in its turn, unless nobody waits there.
func (h *shard) dismissSoon(s *slot) {
	if s.phase == resting {
		h.finish(s, Done)
		return
	}
	s.leave = h.now + h.engine.leaveIn() + 1
	h.wheel.put(s, h.now)
}

// enqueue has a slot asked.
func (h *shard) enqueue(s *slot) {
	if !s.queued && s.phase != ended {
		s.queued = true
		h.queue = append(h.queue, s)
	}
}

// askSome asks the next of the queue.
func (h *shard) askSome() {
	for range min(turnLength, len(h.queue)-h.next) {
		s := h.queue[h.next]
		h.queue[h.next] = nil
		h.next++
		s.queued = false
		h.attend(s)
	}
	if h.next > len(h.queue)/2 {
		left := copy(h.queue, h.queue[h.next:])
		clear(h.queue[left:])
		h.queue, h.next = h.queue[:left], 0
	}
}

// contain has a panic in a session cost its own client only.
func (h *shard) contain(s *slot) {
	if r := recover(); r != nil {
		h.engine.report(fmt.Errorf("panic in a held connection: %v", r))
		h.finish(s, Failed)
	}
}
