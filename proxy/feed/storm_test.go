package feed

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
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
			r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: "user 7"})
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
			r.feeds.Written(&Write{Routes: []string{"route"}})
			r.feeds.Written(&Write{Routes: []string{"another"}})
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

// A feed beyond the bound is polled as often as it would be anyway: its poll
// under way is not ended by each write.
func TestWritesBeyondTheBoundCostNoPolls(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 300 * time.Millisecond
		f := r.subscribe("/x")
		defer leave(f)
		time.Sleep(5 * time.Second)
		before := r.origin.count()
		for range 20 * 100 {
			f.outdate()
			time.Sleep(10 * time.Millisecond)
		}
		if n := r.origin.count() - before; n < 19 || n > 21 {
			t.Errorf("%d polls in 20 intervals", n)
		}
	})
}

func TestWritesDoNotEndABackOff(t *testing.T) {
	polls := func(pause time.Duration) (n int) {
		inBubble(t, func(t *testing.T, r *rig) {
			r.feeds.random = func() float64 { return 0.5 }
			f := r.subscribe("/x")
			defer leave(f)
			time.Sleep(time.Second)
			r.origin.fails()
			time.Sleep(time.Minute)
			before := r.origin.count()
			for range 5 * time.Minute / pause {
				f.outdate()
				time.Sleep(pause)
			}
			n = r.origin.count() - before
		})
		return n
	}
	if quiet, stormy := polls(5*time.Minute), polls(1300*time.Millisecond); stormy > quiet+2 {
		t.Errorf("%d polls of a failing origin, and %d while others write", quiet, stormy)
	}
}

// Whatever comes in whatever order, who holds a feed has the last version an
// interval later.
func TestASubscriberHasTheLastVersionAfterAnyStory(t *testing.T) {
	for seed := range 100 {
		inBubble(t, func(t *testing.T, r *rig) {
			chance := rand.New(rand.NewPCG(uint64(seed), 1))
			r.origin.latency = time.Duration(chance.IntN(1500)) * time.Millisecond
			var version atomic.Int64
			r.origin.answers(func(p *poll) *origin.Response {
				if version.Load()%7 == 3 && p.n%2 == 0 {
					return nil
				}
				return response(200, fmt.Sprint(version.Load()), "Content-Type", "text/plain")
			})
			f := r.subscribe("/x")
			defer leave(f)
			writes := []func(){f.outdate, f.Invalidate, func() { f.expire(); f.show() }, func() {}, func() {
				go func() { r.get("/x") }() // ends with the bubble
			}}
			for range chance.IntN(60) + 1 {
				version.Add(1)
				writes[chance.IntN(len(writes))]()
				time.Sleep(time.Duration(chance.IntN(400)) * time.Millisecond)
			}
			version.Store(1000)
			writes[chance.IntN(3)]()
			time.Sleep(2*time.Second + 3*r.origin.latency)
			if s := f.Latest(); string(s.Update.Body) != "1000" || s.Stale != "" {
				t.Errorf("seed %d: %q, %q", seed, s.Update.Body, s.Stale)
			}
		})
	}
}

// Who asks is not bound by what others wrote.
func TestAPollAfterAStormSeesTheLastWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		f := r.subscribe("/x")
		defer leave(f)
		for range 2 * writeBurst {
			r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: ""})
		}
		r.origin.says(200, "last")
		r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: ""})
		r.want(get(f, KeepNone), "last")
	})
}
