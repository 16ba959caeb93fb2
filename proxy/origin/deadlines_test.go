package origin

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// waiting reads from one end of a pipe, on which nothing ever comes, and tells
// when that ended and how.
func waiting(c net.Conn) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	return ended
}

// inBubble runs a test with deadlines of a pipe and a clock of its own.
func inBubble(t *testing.T, test func(d *deadlines, begin time.Time)) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		d := &deadlines{conn: ours}
		test(d, time.Now())
		d.stop()
		_, _ = ours.Close(), theirs.Close()
	})
}

func expectLate(t *testing.T, ended <-chan error, begin time.Time, after time.Duration) {
	t.Helper()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != after {
		t.Errorf("%v after %v, want a timeout after %v", err, time.Since(begin), after)
	}
}

func TestADeadlineIsExactAlthoughNobodyToldTheSocket(t *testing.T) {
	inBubble(t, func(d *deadlines, begin time.Time) {
		d.allow(begin.Add(3 * time.Second))
		expectLate(t, waiting(d.conn), begin, 3*time.Second)
		if d.rest() {
			t.Error("a connection that was too slow may be used again")
		}
	})
}

func TestADeadlineMayMove(t *testing.T) {
	for name, then := range map[string]time.Duration{"further away": 5 * time.Second, "closer": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(d *deadlines, begin time.Time) {
				d.allow(begin.Add(3 * time.Second))
				ended := waiting(d.conn)
				time.Sleep(time.Second)
				d.allowReads(begin.Add(then))
				expectLate(t, ended, begin, then)
			})
		})
	}
}

func TestADeadlineThatIsTakenBackDoesNothing(t *testing.T) {
	inBubble(t, func(d *deadlines, begin time.Time) {
		d.allow(begin.Add(time.Second))
		if ended := waiting(d.conn); !d.rest() {
			t.Error("it cannot be used again")
		} else {
			time.Sleep(time.Minute)
			synctest.Wait()
			d.allow(time.Now().Add(time.Second))
			expectLate(t, ended, begin, time.Minute+time.Second)
		}
	})
}

func TestWhoWasLateMayGetMoreTime(t *testing.T) {
	inBubble(t, func(d *deadlines, begin time.Time) {
		d.allow(begin.Add(time.Second))
		expectLate(t, waiting(d.conn), begin, time.Second)
		d.allowReads(begin.Add(4 * time.Second))
		expectLate(t, waiting(d.conn), begin, 4*time.Second)
	})
}

func TestWhatWasInterruptedStaysInterrupted(t *testing.T) {
	inBubble(t, func(d *deadlines, begin time.Time) {
		ended := waiting(d.conn)
		d.interrupt()
		expectLate(t, ended, begin, 0)
		d.allow(time.Time{})
		d.allowReads(begin.Add(time.Hour))
		expectLate(t, waiting(d.conn), begin, 0)
		if d.rest() {
			t.Error("it may be used again")
		}
	})
}
