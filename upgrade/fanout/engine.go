package fanout

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// drainSpread is the longest that a client waits for its goodbye when the
// engine drains, so that not all of them connect elsewhere at once.
const drainSpread = 2 * time.Second

// Engine serves held connections. The zero value is not ready: use New.
type Engine struct {
	draining chan struct{} // closed by Drain
	drain    sync.Once
	always   chan struct{} // closed from the beginning
	report   func(error)

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	held   int
	idle   *sync.Cond // held is 0
}

// New returns an engine. report is told of panics in sessions.
func New(report func(error)) *Engine {
	e := &Engine{draining: make(chan struct{}), always: make(chan struct{}), report: report, conns: map[net.Conn]struct{}{}}
	close(e.always)
	e.idle = sync.NewCond(&e.mu)
	return e
}

// Hold serves a connection in the background. ended is called once, when
// neither the engine nor the session uses the connection any more; unless the
// end is Done, the connection has been closed by then.
func (e *Engine) Hold(c net.Conn, s Session, t Terms, ended func(End)) {
	if !e.add(c) {
		_ = c.Close()
		ended(Failed)
		return
	}
	go e.serve(c, s, t, ended) // waited for by Close
}

// Drain makes every session say goodbye within drainSpread. It does not wait.
func (e *Engine) Drain() { e.drain.Do(func() { close(e.draining) }) }

// Close closes what is still held and waits for the sessions to end.
func (e *Engine) Close() {
	e.Drain()
	e.mu.Lock()
	e.closed = true
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.Wait()
}

// Wait waits until nothing is held. More may be held meanwhile, which a
// sync.WaitGroup would not allow.
func (e *Engine) Wait() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.held > 0 {
		e.idle.Wait()
	}
}

func (e *Engine) add(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns[c] = struct{}{}
	e.held++
	return true
}

// release gives the connection away, or closes it.
func (e *Engine) release(c net.Conn, end End) {
	e.mu.Lock()
	delete(e.conns, c)
	e.mu.Unlock()
	if end != Done {
		_ = c.Close()
	}
}

func (e *Engine) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held--; e.held == 0 {
		e.idle.Broadcast()
	}
}

func (e *Engine) serve(c net.Conn, s Session, t Terms, ended func(End)) {
	defer e.done()
	end := e.run(c, s, t)
	e.release(c, end)
	defer func() {
		if r := recover(); r != nil {
			e.report(fmt.Errorf("panic at the end of a held connection: %v", r))
			_ = c.Close()
		}
	}()
	ended(end)
}

// run serves a session. A panic in it costs its own client only.
func (e *Engine) run(c net.Conn, s Session, t Terms) (end End) {
	l := &loop{engine: e, conn: c, session: s, terms: t, heard: make(chan error, 1)}
	defer func() {
		if r := recover(); r != nil {
			e.report(fmt.Errorf("panic in a held connection: %v", r))
			end = Failed
		}
		l.stop()
	}()
	return l.run()
}

// stagger returns a channel that fires somewhen within drainSpread.
func stagger() *time.Timer {
	return time.NewTimer(rand.N(drainSpread))
}
