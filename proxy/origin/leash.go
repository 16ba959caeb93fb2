package origin

import (
	"context"
	"sync"
	"time"
)

// Leash is a context that ends when it is pulled. One of package context costs
// several allocations and locks before anything happens; this one costs nothing
// until somebody has to wait for its end, which a request on an open connection
// does not. The zero value is ready. It is for one request, and its methods may be
// called concurrently.
type Leash struct {
	mu     sync.Mutex
	pulled bool
	held   *exchange          // is interrupted by pulling
	inner  context.Context    // made for who has to wait
	end    context.CancelFunc // of inner
}

// Pull ends the context. It may be called more than once.
func (l *Leash) Pull() {
	l.mu.Lock()
	held, end := l.held, l.end
	l.pulled, l.held = true, nil
	l.mu.Unlock()
	if held != nil {
		held.interrupt()
	}
	if end != nil {
		end()
	}
}

// Deadline implements context.Context: there is none.
func (l *Leash) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Done implements context.Context.
func (l *Leash) Done() <-chan struct{} { return l.context().Done() }

// Value implements context.Context. It lets contexts that are made of this one
// end with it.
func (l *Leash) Value(key any) any { return l.context().Value(key) }

// Err implements context.Context.
func (l *Leash) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pulled {
		return context.Canceled
	}
	return nil
}

// Spread reports whether somebody had to wait for the end, and may hold the leash, in
// a context that was made of it, for longer than the request lasts: as one does who
// was about to try another address when the connection was made.
func (l *Leash) Spread() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner != nil
}

func (l *Leash) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner == nil {
		l.inner, l.end = context.WithCancel(context.Background())
		if l.pulled {
			l.end()
		}
	}
	return l.inner
}

// hold has pulling interrupt x until release.
func (l *Leash) hold(x *exchange) {
	l.mu.Lock()
	pulled := l.pulled
	if !pulled {
		l.held = x
	}
	l.mu.Unlock()
	if pulled {
		x.interrupt()
	}
}

// release reports false if that is too late.
func (l *Leash) release(x *exchange) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == x {
		l.held, x.detached = nil, true
	}
	return x.detached
}
