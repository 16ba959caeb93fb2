package proxy

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// started reports whether somebody looks, or has looked, after a client.
func (l *lookout) started(w *watch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return w.done != nil
}

// TestOneTimerStartsEachWatchWhenItIsDue, in whatever order they end.
func TestOneTimerStartsEachWatchWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lookout
		ours, theirs := net.Pipe() // has no socket to look at: who looks is done
		defer theirs.Close()
		defer ours.Close()
		newWatch := func() *watch {
			w := &watch{lookout: &l, conn: &conn{Conn: ours}, cancel: func() { t.Error("it was interrupted") }}
			w.startSoon(time.Now())
			w.startSoon(time.Now()) // which changes nothing
			return w
		}
		const step = watchAfter / 10
		for range 3 { // the timer comes back, each time
			all := make([]*watch, 6)
			for i := range all {
				all[i] = newWatch()
				time.Sleep(step)
			}
			for _, over := range []int{0, 3, 5} { // the first, the last, and one in between
				all[over].stop()
			}
			for i := range all {
				time.Sleep(time.Until(all[i].due) - 1)
				synctest.Wait()
				if l.started(all[i]) {
					t.Errorf("%d is watched before it is due", i)
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if want := i != 0 && i != 3 && i != 5; l.started(all[i]) != want {
					t.Errorf("%d is watched: %v", i, !want)
				}
			}
			for _, w := range all {
				w.stop()
			}
			if l.first != nil || l.last != nil {
				t.Error("somebody is left in the queue")
			}
		}
	})
}

func TestAWatchThatWasStoppedDoesNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lookout
		w := &watch{lookout: &l, conn: &conn{}}
		w.stop()
		w.startSoon(time.Now())
		time.Sleep(2 * watchAfter)
		synctest.Wait()
		if l.started(w) {
			t.Error("it does")
		}
	})
}
