package proxy

import (
	"sync"
	"sync/atomic"
	"time"
)

// watchAfter is how long a passed request may take before somebody looks
// whether its client is still there. Most are over by then.
const watchAfter = 250 * time.Millisecond

// watch interrupts a passed request when its client leaves, while fasthttp,
// which would not notice, has the connection and nothing is read from it.
type watch struct {
	lookout  *lookout
	conn     *conn
	cancel   func()
	panicked func(what any) // is told why nobody looks any more
	answers  atomic.Bool    // the client is being sent an answer

	// Guarded by the lookout.
	due        time.Time
	next, prev *watch // in the lookout's queue
	queued     bool
	stopped    bool
	done       chan struct{} // closed by run; nil if it does not run
}

// lookout starts watches when they are due. All wait equally long, so they are due
// in the order in which they came, and one timer for all of them, which comes back
// while there are any, does what one for each request would. Its methods may be
// called concurrently.
type lookout struct {
	mu    sync.Mutex
	first *watch
	last  *watch
	timer *time.Timer // nil until it is needed
	armed bool
}

func (p *Proxy) watchPanicked(what any) { p.panicked("a passed request was interrupted", what) }

// startSoon starts watching in a while. It may be called more than once.
func (w *watch) startSoon(now time.Time) {
	l := w.lookout
	if w.conn == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.queued || w.stopped || w.done != nil {
		return
	}
	w.due, w.queued = now.Add(watchAfter), true
	if w.prev = l.last; w.prev == nil {
		l.first = w
	} else {
		w.prev.next = w
	}
	l.last = w
	if !l.armed {
		l.armLocked(watchAfter)
	}
}

func (l *lookout) armLocked(d time.Duration) {
	l.armed = true
	if l.timer == nil {
		l.timer = time.AfterFunc(d, l.look)
		return
	}
	l.timer.Reset(d)
}

// look starts what is due.
func (l *lookout) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	for now := time.Now(); l.first != nil; {
		w := l.first
		if wait := w.due.Sub(now); wait > 0 {
			l.armLocked(wait)
			return
		}
		l.removeLocked(w)
		w.done = make(chan struct{})
		go w.run(w.done) // waited for by stop
	}
}

func (l *lookout) removeLocked(w *watch) {
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.queued = nil, nil, false
}

func (w *watch) run(done chan struct{}) {
	defer close(done)
	defer func() {
		if what := recover(); what != nil {
			w.panicked(what)
			w.cancel()
		}
	}()
	if gone, why := awaitHangup(w.conn); gone {
		if w.answers.Load() {
			w.conn.noteStuck(why)
		}
		w.cancel()
	}
}

// stop ends the watching and waits for it. After that the connection may be
// read from again.
func (w *watch) stop() {
	w.lookout.mu.Lock()
	if w.queued {
		w.lookout.removeLocked(w)
	}
	already, done := w.stopped, w.done
	w.stopped = true
	w.lookout.mu.Unlock()
	if already || done == nil {
		return
	}
	_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	<-done
	_ = w.conn.SetReadDeadline(time.Time{})
}
