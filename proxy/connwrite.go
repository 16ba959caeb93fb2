package proxy

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// writeSlice is how much has to be taken by a client within the write timeout.
// A large answer to an honest slow client takes longer than that as a whole.
const writeSlice = 64 << 10

// writeRate is how many bytes per second a client has to take of a write, once
// the write timeout is over: one that takes a slice now and then would keep a
// large snapshot in memory for hours.
const writeRate = 16 << 10

// soonWritten is how large a write fits into a socket that nothing waits in.
const soonWritten = 24 << 10

// Write writes all of p, or fails when the client takes none of it for the
// write timeout, or all of it too slowly. One call is never mixed with another.
func (c *conn) Write(p []byte) (int, error) { return c.writeAt(time.Now(), p) }

// writeAt is Write by who knows what time it is.
func (c *conn) writeAt(now time.Time, p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	written := 0
	last := now.Add(c.writeTimeout + time.Duration(len(p))*time.Second/writeRate)
	for ; ; now = time.Now() {
		n, err := c.writeSlice(now, last, p[written:])
		if written += n; err != nil || written == len(p) {
			c.noteStuck(err)
			return written, err
		}
	}
}

// writeSlice writes the next slice, which has its own time and ends with that of
// the whole. As of what is read, the system is told of no deadline while it knows of
// an earlier one; but for a large slice it is, which is likely to have to wait.
func (c *conn) writeSlice(now, last time.Time, p []byte) (written int, err error) {
	if len(p) > writeSlice {
		p = p[:writeSlice]
	}
	if c.writeTimeout == 0 {
		return c.Conn.Write(p)
	}
	due := min(sinceClock(now.Add(c.writeTimeout)), sinceClock(last))
	if c.exact || len(p) > soonWritten || c.armed <= sinceClock(now) || c.armed > due {
		err = c.armWrite(due)
	}
	for err == nil {
		n := 0
		n, err = c.Conn.Write(p[written:])
		if written += n; !errors.Is(err, os.ErrDeadlineExceeded) || c.armed == due {
			break
		}
		err = c.armWrite(due)
	}
	return written, err
}

func (c *conn) armWrite(due time.Duration) error {
	c.armed = due
	return c.Conn.SetWriteDeadline(onClock(due))
}

// noteStuck counts a client that does not take what it is sent, once. The kernel may
// find it out first, see boundUnacked, and a watch hear of that before the next write.
func (c *conn) noteStuck(err error) {
	stuck := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
	if c.gate != nil && stuck {
		c.gate.countStuck(c)
	}
}

// SetWriteDeadline does nothing: each write has its own.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
