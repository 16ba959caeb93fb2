package proxy

import (
	"context"
	"sync"
	"time"
)

// watchAfter is how long a passed request may take before somebody looks
// whether its client is still there. Most are over by then.
const watchAfter = 250 * time.Millisecond

// watch interrupts a passed request when its client leaves, while fasthttp,
// which would not notice, has the connection and nothing is read from it.
type watch struct {
	conn     *conn
	cancel   context.CancelFunc
	panicked func(what any) // is told why nobody looks any more

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	done    chan struct{} // closed by run; nil if it does not run
}

func (p *Proxy) newWatch(c *conn, cancel context.CancelFunc) *watch {
	return &watch{conn: c, cancel: cancel, panicked: func(what any) { p.panicked("a passed request was interrupted", what) }}
}

// startSoon starts watching in a while. It may be called more than once.
func (w *watch) startSoon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil && !w.stopped && w.conn != nil {
		w.timer = time.AfterFunc(watchAfter, w.start)
	}
}

func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.done = make(chan struct{})
		go w.run(w.done) // waited for by stop
	}
}

func (w *watch) run(done chan struct{}) {
	defer close(done)
	defer func() {
		if what := recover(); what != nil {
			w.panicked(what)
			w.cancel()
		}
	}()
	if awaitHangup(w.conn) {
		w.cancel()
	}
}

// stop ends the watching and waits for it. After that the connection may be
// read from again.
func (w *watch) stop() {
	w.mu.Lock()
	already := w.stopped
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
	done := w.done
	w.mu.Unlock()
	if already || done == nil {
		return
	}
	_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	<-done
	_ = w.conn.SetReadDeadline(time.Time{})
}
