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
	report   func(error)

	mu     sync.Mutex
	conns  map[net.Conn]struct{} // nil once closed
	closed bool
	held   sync.WaitGroup
}

// New returns an engine. report is told of panics in sessions.
func New(report func(error)) *Engine {
	return &Engine{draining: make(chan struct{}), report: report, conns: map[net.Conn]struct{}{}}
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
	e.held.Wait()
}

// Wait waits until nothing is held.
func (e *Engine) Wait() { e.held.Wait() }

func (e *Engine) add(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns[c] = struct{}{}
	e.held.Add(1)
	return true
}

func (e *Engine) serve(c net.Conn, s Session, t Terms, ended func(End)) {
	defer e.held.Done()
	end := e.run(c, s, t)
	e.mu.Lock()
	delete(e.conns, c)
	e.mu.Unlock()
	if end != Done {
		_ = c.Close()
	}
	ended(end)
}

// run serves a session. A panic in it costs its own client only.
func (e *Engine) run(c net.Conn, s Session, t Terms) (end End) {
	l := &loop{engine: e, conn: c, session: s, heard: make(chan error, 1)}
	defer func() {
		if r := recover(); r != nil {
			e.report(fmt.Errorf("panic in a held connection: %v", r))
			end = Failed
		}
		l.stop()
	}()
	go l.listen() // waited for by stop
	return l.run(t)
}

// stagger returns a channel that fires somewhen within drainSpread.
func stagger() *time.Timer {
	return time.NewTimer(rand.N(drainSpread))
}
