package proxy

import "container/list"

// A connection on which nothing is under way costs its client nothing to lose:
// it makes another. So when there are as many connections as there may be, the
// one that has been idle for longest makes room for a new one, and who only keeps
// connections open cannot keep others out.
//
//	                 first byte                    evict
//	idle ──────────────────────────► busy    idle ───────► evicted
//	  ▲      answered, given back     │
//	  └───────────────────────────────┘
//	           a whole poll                        Close
//	idle ──────────────────────────► quick  quick ───────► closing
//	  ▲            answered           │
//	  └───────────────────────────────┘
const (
	connIdle int32 = iota
	connBusy
	connEvicted
	connQuick   // it is being answered, and fasthttp takes it for idle
	connClosing // and is closed behind the answer
)

// evictionSample is how many idle connections are compared, evictionSearch how
// many connections are looked at to find them: busy ones are put behind the
// others then, so that nobody looks at them again soon.
const (
	evictionSample = 16
	evictionSearch = 64
)

// evictLocked takes the connection that has been idle for longest, of those that
// it looks at, out of the account. Its request, should one arrive now, is not
// served: see conn.isEvicted.
func (g *gate) evictLocked() *conn {
	for {
		oldest := g.oldestIdleLocked()
		if oldest == nil {
			return nil
		}
		if oldest.hasUnread() {
			oldest.begin() // of all that are looked at, so this ends
		}
		if oldest.state.CompareAndSwap(connIdle, connEvicted) {
			g.forgetLocked(oldest)
			return oldest
		}
		g.served.MoveToBack(oldest.listed)
	}
}

func (g *gate) oldestIdleLocked() (oldest *conn) {
	idle, next := 0, (*list.Element)(nil)
	at := g.served.Front()
	for looked := 0; at != nil && looked < evictionSearch && idle < evictionSample; looked++ {
		next = at.Next()
		switch c := at.Value.(*conn); {
		case c.state.Load() != connIdle || c.over != "":
			g.served.MoveToBack(at)
		case oldest == nil || c.used.Load() < oldest.used.Load():
			oldest = c
			fallthrough
		default:
			idle++
		}
		at = next
	}
	return oldest
}

// hold says that a connection is not fasthttp's for a while, and not idle.
func (g *gate) hold(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unlistLocked(c)
}

// serve says that a connection is fasthttp's again, and waits for a request.
func (g *gate) serve(c *conn) {
	c.used.Store(g.now())
	c.rest()
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, open := g.conns[c]; open && c.listed == nil {
		c.listed = g.served.PushBack(c)
	}
}

func (g *gate) unlistLocked(c *conn) {
	if c.listed != nil {
		g.served.Remove(c.listed)
		c.listed = nil
	}
}

// begin says that something of a request has come.
func (c *conn) begin() { c.state.CompareAndSwap(connIdle, connBusy) }

// rest says that the last request is answered.
func (c *conn) rest() { c.state.CompareAndSwap(connBusy, connIdle) }

// retire closes the connection if nothing is under way on it, or as soon as it is
// answered quickly.
func (c *conn) retire() {
	for {
		switch c.state.Load() {
		case connIdle:
			if c.state.CompareAndSwap(connIdle, connEvicted) {
				_ = c.end()
				return
			}
		case connQuick:
			if c.state.CompareAndSwap(connQuick, connClosing) {
				return
			}
		default:
			return
		}
	}
}

// isEvicted reports whether the connection was closed to make room: what it
// carries must not be served, since its client has been told that it was not.
func (c *conn) isEvicted() bool { return c.state.Load() == connEvicted }
