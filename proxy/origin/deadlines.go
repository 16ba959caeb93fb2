package origin

import (
	"net"
	"sync"
	"time"
)

// aLongTimeAgo is a deadline that has passed: it ends a pending read or write
// at once.
var aLongTimeAgo = time.Unix(1, 0)

// deadlines moves the deadlines of a connection in use. Reads or writes that
// were ended stay so, whoever moves their deadline later: the reader of a
// response, the writer of its request and the end of a context do not wait for
// each other. Its methods may be called concurrently.
type deadlines struct {
	conn net.Conn

	mu                sync.Mutex
	noReads, noWrites bool
}

// allow gives all reads and writes from now on so much time; 0 is any.
func (d *deadlines) allow(timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noReads && !d.noWrites {
		_ = d.conn.SetDeadline(deadlineIn(timeout))
	}
}

// allowReads is allow for reads.
func (d *deadlines) allowReads(timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noReads {
		_ = d.conn.SetReadDeadline(deadlineIn(timeout))
	}
}

// allowWrites is allow for writes.
func (d *deadlines) allowWrites(timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noWrites {
		_ = d.conn.SetWriteDeadline(deadlineIn(timeout))
	}
}

// endWrites ends a pending write, and all that would follow.
func (d *deadlines) endWrites() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noWrites = true
	_ = d.conn.SetWriteDeadline(aLongTimeAgo)
}

// interrupt ends whatever the connection is waiting for, for good.
func (d *deadlines) interrupt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noReads, d.noWrites = true, true
	_ = d.conn.SetDeadline(aLongTimeAgo)
}

// deadlineIn returns none for a timeout of 0.
func deadlineIn(timeout time.Duration) (deadline time.Time) {
	if timeout > 0 {
		deadline = time.Now().Add(timeout)
	}
	return deadline
}
