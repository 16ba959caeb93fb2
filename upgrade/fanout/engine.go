package fanout

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Engine serves held connections. The zero value is not ready: use New.
type Engine struct {
	draining chan struct{} // closed by Drain
	drain    sync.Once
	leaving  time.Time     // when the last has said goodbye; written before draining is closed
	always   chan struct{} // closed from the beginning
	report   func(error)
	shards   shards

	mu     sync.Mutex
	conns  map[net.Conn]struct{} // those that have a goroutine of their own
	closed atomic.Bool           // set under mu
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

// Held is a connection that is served.
type Held interface {
	// Wake has Next asked once more, whatever it waits for. It does not block,
	// and does nothing once the session has ended.
	Wake()
}

// Hold serves a connection in the background. ended is called once, when
// neither the engine nor the session uses the connection any more; unless the
// end is Done, the connection has been closed by then. It must not block, as
// the session must not.
//
// A connection that gives access to its socket (syscall.Conn) is written to and
// read from there, where the system allows it; what wraps the socket is only
// closed then.
func (e *Engine) Hold(c net.Conn, s Session, t Terms, ended func(End)) Held {
	if !e.add() {
		_ = c.Close()
		ended(Failed)
		return nobody{}
	}
	if h := e.shards.hold(e, c, s, t, ended); h != nil {
		return h
	}
	return e.attend(c, s, t, ended)
}

// nobody is held.
type nobody struct{}

// Wake does nothing.
func (nobody) Wake() {}

// Drain makes every session say goodbye at a time of its own within spread, so that
// not all clients connect elsewhere at once; those that begin meanwhile do so in what
// is left of it. It does not wait. Only the first call counts.
func (e *Engine) Drain(spread time.Duration) {
	e.drain.Do(func() {
		e.leaving = time.Now().Add(spread)
		close(e.draining)
		e.shards.drain()
	})
}

func (e *Engine) isDraining() bool {
	select {
	case <-e.draining:
		return true
	default:
		return false
	}
}

// leaveIn is how long a client waits for its goodbye, once the engine is draining.
func (e *Engine) leaveIn() time.Duration { return rand.N(max(time.Until(e.leaving), 0) + 1) }

// Len is how many connections are held.
func (e *Engine) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.held
}

// Close closes what is still held and waits for the sessions to end.
func (e *Engine) Close() {
	e.Drain(0)
	e.mu.Lock()
	e.closed.Store(true)
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.shards.closeHeld()
	e.Wait()
	e.shards.stop()
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

func (e *Engine) add() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() {
		return false
	}
	e.held++
	return true
}

func (e *Engine) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held--; e.held == 0 {
		e.idle.Broadcast()
	}
}

// tell ends a session's account.
func (e *Engine) tell(c net.Conn, ended func(End), end End) {
	defer e.done()
	defer func() {
		if r := recover(); r != nil {
			e.report(fmt.Errorf("panic at the end of a held connection: %v", r))
			_ = c.Close()
		}
	}()
	ended(end)
}

// jittered takes up to a sixteenth off, so that clients that came together do not
// beat together for long.
func jittered(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - rand.N(d/16+1)
}
