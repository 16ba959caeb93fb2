package feed

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFeedThatBacksOffIsTriedAtOnceAfterAWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 30 * time.Second
		r.feeds.random = func() float64 { return 0.999 }
		r.want(r.get("/x"), "v1")
		r.origin.says(503, "")
		time.Sleep(30 * time.Second)
		f := r.acquire("/x")
		defer f.Release()
		r.want(get(f, KeepNone), "v1")
		time.Sleep(time.Second)
		r.origin.says(200, "v2")
		f.Invalidate()
		r.want(get(f, KeepNone), "v2")
	})
}

func TestAnOriginThatSaysWhenToComeBackIsNotAskedBeforeEvenAfterAWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		f := r.subscribe("/x")
		defer leave(f)
		r.origin.says(503, "", "Retry-After", "60")
		time.Sleep(time.Second)
		synctest.Wait()
		for range 59 {
			f.Invalidate()
			if a := get(f, KeepNone); a.Err == nil {
				t.Fatalf("got %+v", a)
			}
			time.Sleep(time.Second)
		}
		r.wantPolls(2)
		r.origin.says(200, "v2")
		time.Sleep(time.Second)
		r.want(get(f, KeepNone), "v2")
	})
}

func TestAWriteToAURLRefreshesAllItsFeeds(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		shared, ann, bob, other := r.acquire("/x"), r.acquireAs("/x", "ann"), r.acquireAs("/x", "bob"), r.acquire("/y")
		feeds := []*Feed{shared, ann, bob, other}
		known := func() (fresh [4]bool) {
			for i, f := range feeds {
				_, fresh[i] = f.Hit(time.Now())
			}
			return fresh
		}
		refresh := func() {
			for _, f := range feeds {
				get(f, KeepNone)
			}
		}
		refresh()
		r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: "ann"})
		if got := known(); got != [4]bool{false, false, false, true} {
			t.Errorf("ann wrote: %v", got)
		}
		refresh()
		r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: ""})
		if got := known(); got != [4]bool{false, false, false, true} {
			t.Errorf("nobody wrote: %v", got)
		}
		refresh()
		r.feeds.Written(&Write{Targets: []string{"example.com/z"}, Identity: "ann"})
		if got := known(); got != [4]bool{true, true, true, true} {
			t.Errorf("elsewhere: %v", got)
		}
		n := r.feeds.Refresh(func(_, target string) bool { return target == "example.com/x" })
		if got := known(); n != 3 || got != [4]bool{false, false, false, true} {
			t.Errorf("everybody: %d, %v", n, got)
		}
		for _, f := range feeds {
			f.Release()
		}
	})
}

func TestTheFeedsOfAURLAreForgottenOneByOne(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ann, bob := r.acquireAs("/x", "ann"), r.acquireAs("/x", "bob")
		ann.Release()
		time.Sleep(2 * time.Minute)
		r.feeds.mu.Lock()
		if len(r.feeds.places) != 1 {
			t.Errorf("%d places", len(r.feeds.places))
		}
		r.feeds.mu.Unlock()
		get(bob, KeepNone)
		r.feeds.Written(&Write{Targets: []string{"example.com/x"}, Identity: "bob"})
		if _, ok := bob.Hit(time.Now()); ok {
			t.Error("bob's own feed was not found")
		}
		bob.Release()
	})
}

func TestThoseWhoWaitForALaterPollGetItAlthoughTheOneUnderWayFails(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		r.origin.fails()
		f := r.acquire("/x")
		defer f.Release()
		var clients sync.WaitGroup
		clients.Go(func() { // its poll is aborted, and the next one fails
			if a := get(f, KeepNone); a.Err == nil {
				t.Errorf("got %+v", a)
			}
		})
		time.Sleep(100 * time.Millisecond)
		f.Invalidate()
		synctest.Wait()
		f.Invalidate()
		clients.Go(func() { r.want(get(f, KeepNone), "v2") })
		time.Sleep(900 * time.Millisecond)
		r.origin.says(200, "v2")
		clients.Wait()
		r.wantPolls(3)
	})
}

func TestARefreshDuringAPollIsFollowedByOneMorePoll(t *testing.T) {
	for _, fails := range []bool{false, true} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.policy.Interval = time.Hour
			d := slowDatabase(r)
			d.latency = func() time.Duration {
				if fails && d.polls.Load() == 1 {
					return r.policy.Timeout + time.Second
				}
				return 300 * time.Millisecond
			}
			f := r.subscribe("/x")
			defer leave(f)
			time.Sleep(time.Millisecond)
			for range 100 {
				d.value.Add(1)
				r.feeds.Refresh(func(string, string) bool { return true })
				time.Sleep(2 * time.Millisecond)
			}
			if n := d.polls.Load(); n != 1 {
				t.Errorf("%d polls while the first is under way", n)
			}
			time.Sleep(time.Minute)
			if u := f.Latest().Update; valueOf(u) != 100 {
				t.Errorf("they see %q", u.Body)
			}
			if n := d.polls.Load(); n != 2 {
				t.Errorf("%d polls, want 2", n)
			}
		})
	}
}

func TestWhoAsksAfterARefreshDoesNotWaitForAnOlderPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		f := r.subscribe("/x")
		defer leave(f)
		time.Sleep(200 * time.Millisecond)
		d.value.Add(1)
		f.expire()
		f.show()
		r.want(get(f, KeepNone), "1")
		if took := time.Since(r.begin); took != 500*time.Millisecond {
			t.Errorf("it took until %v", took)
		}
	})
}

func TestARefreshOfFeedsThatNobodyHoldsCostsNoPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		for range 10 {
			if n := r.feeds.Refresh(func(route, target string) bool { return route == "route" && target == "example.com/x" }); n != 1 {
				t.Errorf("%d feeds", n)
			}
			time.Sleep(time.Second)
		}
		r.wantPolls(1)
		r.origin.says(200, "v2")
		r.want(r.get("/x"), "v2")
	})
}

// Who looks for what to refresh holds up nobody.
func TestFeedsComeAndGoDuringARefresh(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.acquire("/x").Release()
		looked := 0
		n := r.feeds.Refresh(func(_, target string) bool {
			looked++
			r.acquire("/y").Release() // would wait for ever for a lock that is held
			return true
		})
		if n != 1 || looked != 1 || r.feeds.Len() != 2 {
			t.Errorf("%d refreshed, %d looked at, %d there", n, looked, r.feeds.Len())
		}
	})
}
