package feed

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever may write must not be able to have the origin polled at any rate.
func TestAStormOfWritesPollsForManyFeedsOnlySoOften(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Minute
		const feeds = 50
		var held []*Feed
		for i := range feeds {
			f := r.acquireAs("/x", fmt.Sprint("user ", i))
			f.Subscribe(r.share.Vary())
			held = append(held, f)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		before := r.origin.count()
		for range 100 {
			r.feeds.InvalidateTarget("example.com/x", "user 7")
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if n, most := r.origin.count()-before, writeBurst+int(time.Second/writePause)+2; n > most || n < writeBurst {
			t.Errorf("%d polls because of 100 writes, want at most %d", n, most)
		}
		// The last write is shown to everybody in the end.
		r.origin.says(200, "last")
		time.Sleep(2 * time.Minute)
		for _, f := range held {
			if got := string(f.Latest().Update.Body); got != "last" {
				t.Errorf("one has %q", got)
			}
			leave(f)
		}
	})
}

func TestARoutesStormIsBoundAsWell(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		var held []*Feed
		for i := range 30 {
			held = append(held, r.subscribe(fmt.Sprint("/", i)))
		}
		time.Sleep(time.Second)
		before := r.origin.count()
		for range 100 {
			r.feeds.InvalidateRoute("route")
			r.feeds.InvalidateRoute("another")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := r.origin.count() - before; n < writeBurst || n > writeBurst+10 {
			t.Errorf("%d polls", n)
		}
		for _, f := range held {
			leave(f)
		}
	})
}

// Who asks is not bound by what others wrote.
func TestAPollAfterAStormSeesTheLastWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		f := r.subscribe("/x")
		defer leave(f)
		for range 2 * writeBurst {
			r.feeds.InvalidateTarget("example.com/x", "")
		}
		r.origin.says(200, "last")
		r.feeds.InvalidateTarget("example.com/x", "")
		r.want(get(f, KeepNone), "last")
	})
}
