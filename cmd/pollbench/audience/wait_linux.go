package audience

import "time"

// waiting is for clients that do not have a version yet. Its methods do nothing on
// nil.
type waiting struct {
	version int64
	behind  int
	done    chan struct{}
}

// Await returns when every client that reads has the version or a newer one, has
// asked again if it is one that does, or was lost; or when that takes too long. The
// state tells.
func (a *Audience) Await(version int64) (State, error) {
	done := make(chan struct{})
	w := &waiting{version: version, done: done}
	a.do(func() {
		for _, c := range a.clients {
			if c != nil && c.waitedFor(version) {
				w.behind++
			}
		}
		a.waiting = w
	})
	return a.within(done, func() { a.waiting, a.state.Behind = nil, w.behind })
}

// within waits until something is done, and gives it up if that takes too long.
func (a *Audience) within(done chan struct{}, end func()) (s State, err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-a.done:
		return s, ErrSystem
	}
	a.do(func() { end(); s = a.state })
	return s, nil
}

func (c *client) waitedFor(version int64) bool {
	return !c.closed && !c.stopped && c.version < version
}

func (w *waiting) heard(c *client, had int64) {
	if w != nil && had < w.version && c.version >= w.version && !c.stopped {
		w.behind--
	}
}

func (w *waiting) lost(c *client) {
	if w != nil && c.version < w.version && !c.stopped {
		w.behind--
	}
}

// look ends the wait if there is nothing to wait for any more.
func (w *waiting) look(a *Audience) {
	if w != nil && w.done != nil && w.behind <= 0 && len(a.asks) == 0 {
		close(w.done)
		w.done = nil
	}
}
