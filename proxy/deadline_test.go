package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// meter is a connection that counts how often the system is told of a deadline.
type meter struct {
	net.Conn
	told int
}

func (m *meter) SetReadDeadline(t time.Time) error  { m.told++; return m.Conn.SetReadDeadline(t) }
func (m *meter) SetWriteDeadline(t time.Time) error { m.told++; return m.Conn.SetWriteDeadline(t) }

// timed runs a test with a connection and its client, in a time of its own.
func timed(t *testing.T, test func(c *conn, system *meter, client net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		system := &meter{Conn: ours}
		c := &conn{Conn: system, writeTimeout: 30 * time.Second}
		defer c.Close()
		test(c, system, theirs)
	})
}

// readTook is how long a Read takes to give up, 0 if it does not.
func readTook(c *conn) time.Duration {
	began := time.Now()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return 0
	}
	return time.Since(began)
}

func TestADeadlineThatWasPutOffPassesNeitherEarlierNorLater(t *testing.T) {
	timed(t, func(c *conn, system *meter, _ net.Conn) {
		began := time.Now()
		for i := range 100 {
			_ = c.SetReadDeadline(began.Add(time.Duration(i+1) * time.Second))
		}
		if system.told != 1 {
			t.Errorf("the system was told %d times", system.told)
		}
		if took := readTook(c); took != 100*time.Second {
			t.Errorf("read for %v", took)
		}
		if took := readTook(c); took != 0 {
			t.Errorf("and again for %v", took)
		}
	})
}

func TestADeadlineThatIsMovedNearerCountsAtOnce(t *testing.T) {
	timed(t, func(c *conn, _ *meter, _ net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if took := readTook(c); took != time.Second {
			t.Errorf("read for %v", took)
		}
	})
}

func TestAReadThatIsUnderWayIsInterruptedThoughItsDeadlineWasPutOff(t *testing.T) {
	timed(t, func(c *conn, _ *meter, _ net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		time.AfterFunc(time.Minute, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
		if took := readTook(c); took != time.Minute {
			t.Errorf("read for %v", took)
		}
	})
}

func TestNoDeadlineIsTheSystemsTooAtOnce(t *testing.T) {
	timed(t, func(c *conn, system *meter, client net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_ = c.SetDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { _, _ = io.WriteString(client, "x") })
		if n, err := system.Read(make([]byte, 1)); n != 1 {
			t.Error(err)
		}
	})
}

// Who reads round conn, on the socket, is bound by the deadline as well.
func TestTheSocketHasTheDeadlineThatIsWanted(t *testing.T) {
	timed(t, func(c *conn, system *meter, _ net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		_, _ = c.SyscallConn() // a pipe has none
		began := time.Now()
		if _, err := system.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestAWriteHasItsWholeTimeThoughTheSystemKnowsOfLess(t *testing.T) {
	timed(t, func(c *conn, system *meter, client net.Conn) {
		go func() { _, _ = io.CopyN(io.Discard, client, 100) }() // ended by the last of these writes
		for range 100 {
			if _, err := c.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second / 10)
		}
		if system.told != 1 {
			t.Errorf("the system was told %d times", system.told)
		}
		began := time.Now() // the system is of the opinion that 20 s are left
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(time.Hour)
		go func() { _, _ = io.CopyN(io.Discard, client, 1) }() // ended by this write
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// A TLS connection is spoilt by a write that timed out.
func TestWhatCannotBeWrittenToAfterADeadlineHasItsOwnEachTime(t *testing.T) {
	timed(t, func(c *conn, system *meter, client net.Conn) {
		c.exact = true
		go func() { _, _ = io.CopyN(io.Discard, client, 10) }() // ended by the last of these writes
		for range 10 {
			_, _ = c.Write([]byte("x"))
			time.Sleep(time.Second)
		}
		if system.told != 10 {
			t.Errorf("the system was told %d times", system.told)
		}
	})
}
