package proxy

import (
	"errors"
	"os"
	"sync"
	"time"
)

// clock is what the times of a connection count from: so that one takes a word,
// and a clock that is set changes none. It is never written.
var clock = time.Now()

// never is no deadline. Nothing is due at the very moment of clock.
const never time.Duration = 0

// sinceClock is a time as a connection keeps it.
func sinceClock(t time.Time) time.Duration {
	if t.IsZero() {
		return never
	}
	return t.Sub(clock)
}

// onClock is the time that sinceClock was given.
func onClock(d time.Duration) time.Time {
	if d == never {
		return time.Time{}
	}
	return clock.Add(d)
}

// readTime is until when a connection may be read from. fasthttp moves that three
// times a request, nearly always further away, and each time the runtime would move
// a timer. So the system is told only of what is due earlier than what it knows of,
// and of the rest when the earlier one has passed: nobody sees it pass.
type readTime struct {
	mu     sync.Mutex
	wanted time.Duration // what whoever reads has asked for
	armed  time.Duration // what the system knows: not later than wanted
}

// SetReadDeadline bounds Read, one that waits included. No deadline is told the
// system at once: who asks for that may be about to read round Read.
func (c *conn) SetReadDeadline(t time.Time) error {
	d := &c.due
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wanted = sinceClock(t); d.wanted != never && d.armed != never && d.armed <= d.wanted {
		return nil
	}
	return c.armLocked()
}

// settle tells the system of the deadline as it was wanted, for who reads round
// Read.
func (c *conn) settle() error {
	d := &c.due
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.armed == d.wanted {
		return nil
	}
	return c.armLocked()
}

func (c *conn) armLocked() error {
	c.due.armed = c.due.wanted
	return c.Conn.SetReadDeadline(onClock(c.due.wanted))
}

// wait reads from the client until the deadline that is wanted.
func (c *conn) wait(p []byte) (n int, err error) {
	for {
		n, err = c.Conn.Read(p)
		if n > 0 || err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !c.passedEarly() {
			return n, err
		}
	}
}

// passedEarly reports whether the deadline that has passed was not the one that is
// wanted, which the system is told of then.
func (c *conn) passedEarly() bool {
	d := &c.due
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wanted != never && d.wanted <= sinceClock(time.Now()) {
		return false
	}
	return c.armLocked() == nil
}
