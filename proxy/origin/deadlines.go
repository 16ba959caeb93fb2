package origin

import (
	"net"
	"sync"
	"time"
)

// aLongTimeAgo is a deadline that has passed: it ends a pending read or write
// at once.
var aLongTimeAgo = time.Unix(1, 0)

// deadlines bounds what a connection in use waits for. Reads or writes that were
// ended for good stay so, whoever allows more time later: the reader of a
// response, the writer of its request and the end of a context do not wait for
// each other. Its methods may be called concurrently.
//
// Nearly nothing takes too long, so nearly no deadline is ever told to package
// net, whose own cost a timer each: it is noted, and one timer for the connection
// looks when the first of them may have passed, and comes back for the next.
type deadlines struct {
	conn net.Conn

	mu                sync.Mutex
	noReads, noWrites bool // for good
	reads, writes     bound
	timer             *time.Timer // nil until it is needed
	fires             time.Time   // when the timer does; zero: it does not
}

// bound is until when reads, or writes, may take.
type bound struct {
	by   time.Time // zero: for ever
	late bool      // that has passed, and package net was told
}

// allow gives all reads and writes from now on time until then; zero is for ever.
func (d *deadlines) allow(by time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noReads && !d.noWrites {
		d.boundLocked(&d.reads, by, net.Conn.SetReadDeadline)
		d.boundLocked(&d.writes, by, net.Conn.SetWriteDeadline)
	}
}

// allowReads is allow for reads.
func (d *deadlines) allowReads(by time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noReads {
		d.boundLocked(&d.reads, by, net.Conn.SetReadDeadline)
	}
}

// allowWrites is allow for writes.
func (d *deadlines) allowWrites(by time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.noWrites {
		d.boundLocked(&d.writes, by, net.Conn.SetWriteDeadline)
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

// rest forgets all deadlines when the connection becomes idle. It reports false
// if something of it was ended, or took too long: then it must not be used again.
func (d *deadlines) rest() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads.by, d.writes.by = time.Time{}, time.Time{}
	return !d.noReads && !d.noWrites && !d.reads.late && !d.writes.late
}

// stop ends the looking, when the connection is closed.
func (d *deadlines) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.noReads, d.noWrites = true, true
	}
}

// boundLocked notes a deadline. tell tells package net.
func (d *deadlines) boundLocked(b *bound, by time.Time, tell func(net.Conn, time.Time) error) {
	if b.by = by; b.late {
		b.late = false
		_ = tell(d.conn, time.Time{})
	}
	d.lookLocked(by)
}

// lookLocked has the timer fire when a deadline passes, at the latest.
func (d *deadlines) lookLocked(by time.Time) {
	switch {
	case by.IsZero(), !d.fires.IsZero() && !by.Before(d.fires):
		return // it looks before that anyway
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Until(by), d.look)
	default:
		d.timer.Reset(time.Until(by))
	}
	d.fires = by
}

// look ends what has taken too long.
func (d *deadlines) look() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.fires = time.Time{}
	if !d.noReads {
		d.enforceLocked(&d.reads, now, net.Conn.SetReadDeadline)
	}
	if !d.noWrites {
		d.enforceLocked(&d.writes, now, net.Conn.SetWriteDeadline)
	}
}

func (d *deadlines) enforceLocked(b *bound, now time.Time, tell func(net.Conn, time.Time) error) {
	switch {
	case b.by.IsZero():
	case now.Before(b.by):
		d.lookLocked(b.by)
	default:
		*b = bound{late: true}
		_ = tell(d.conn, aLongTimeAgo)
	}
}

// after is the deadline of what begins now, none for a timeout of 0.
func after(now time.Time, timeout time.Duration) (by time.Time) {
	if timeout > 0 {
		by = now.Add(timeout)
	}
	return by
}
