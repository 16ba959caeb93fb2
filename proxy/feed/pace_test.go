package feed

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestPlainPollersCostAtMostOnePollPerInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 300 * time.Millisecond
		for time.Since(r.begin) < 10*time.Second {
			r.want(r.get("/x"), "v1")
			time.Sleep(10 * time.Millisecond)
		}
		// From beginning to beginning: the poll's own time is not added. The
		// snapshot that is a second old is found by the next client.
		begins := r.origin.begins(r.begin)
		for i, began := range begins[1:] {
			if gap := began - begins[i]; gap < time.Second || gap > 1010*time.Millisecond {
				t.Errorf("a poll began %v after the one before it", gap)
			}
		}
		r.wantPolls(10)
	})
}

func TestAFeedWithoutSubscribersHasNoTimer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Linger = 24 * time.Hour
		r.get("/x")
		time.Sleep(12 * time.Hour)
		r.wantPolls(1)
		f := r.acquire("/x") // a reference is no wish either
		time.Sleep(12 * time.Hour)
		r.wantPolls(1)
		f.Release()
	})
}

func TestSubscribersArePolledOncePerInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 300 * time.Millisecond
		r.want(r.get("/x"), "v1")
		for range 100 {
			defer leave(r.subscribe("/x"))
		}
		time.Sleep(time.Hour - time.Since(r.begin) - 1)
		begins := r.origin.begins(r.begin)
		for i, began := range begins {
			if began != time.Duration(i)*time.Second {
				t.Fatalf("poll %d began after %v", i, began)
			}
		}
		r.wantPolls(3600)
	})
}

func TestPollersAndSubscribersShareThePace(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		defer leave(r.subscribe("/x"))
		for time.Since(r.begin) < 59500*time.Millisecond {
			r.want(r.get("/x"), "v1")
			time.Sleep(70 * time.Millisecond)
		}
		r.wantPolls(60)
	})
}

func TestASlowOriginIsNeverAskedTwiceAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 2500 * time.Millisecond // the script fails if polls overlap
		defer leave(r.subscribe("/x"))
		time.Sleep(25*time.Second - 1)
		r.wantPolls(10) // one behind the other
	})
}

func TestFeedStopsPollingOnceTheLastSubscriberLeaves(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Linger = 24 * time.Hour
		first, second := r.subscribe("/x"), r.subscribe("/x")
		time.Sleep(10*time.Second + 1)
		r.wantPolls(11)
		leave(first)
		time.Sleep(10 * time.Second)
		r.wantPolls(21)
		leave(second)
		time.Sleep(12 * time.Hour)
		r.wantPolls(21)
	})
}

func TestASubscriberThatComesBackFindsTheScheduleWhereItWas(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 10 * time.Second
		f := r.subscribe("/x")
		time.Sleep(21 * time.Second)
		leave(f)
		time.Sleep(5 * time.Second)
		f = r.subscribe("/x")
		time.Sleep(20 * time.Second)
		leave(f)
		time.Sleep(30 * time.Second)
		f = r.subscribe("/x") // long after the next was due
		synctest.Wait()
		leave(f)
		want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second, 40 * time.Second, 76 * time.Second}
		if got := r.origin.begins(r.begin); !slices.Equal(got, want) {
			t.Errorf("polls began after %v, want %v", got, want)
		}
	})
}

func TestTheScheduleOutlivesAShortLinger(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval, r.policy.Linger = 10*time.Second, 0
		for time.Since(r.begin) < time.Minute {
			f := r.acquire("/x") // a long poll that is answered, again and again
			r.want(get(f, KeepNone), "v1")
			if !f.Subscribe(r.share.Vary()) {
				t.Fatal("not subscribed")
			}
			time.Sleep(100 * time.Millisecond)
			leave(f)
			time.Sleep(time.Millisecond)
		}
		if n := r.origin.count(); n > 7 {
			t.Errorf("%d polls in a minute, the interval is 10s", n)
		}
	})
}

func TestAFeedLingersAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		time.Sleep(time.Minute - time.Second)
		if r.feeds.Len() != 1 {
			t.Fatal("it ended too early")
		}
		r.want(r.get("/x"), "v1") // wanted again: the time begins anew
		time.Sleep(time.Minute - time.Second)
		if r.feeds.Len() != 1 {
			t.Fatal("it ended although it was wanted")
		}
		time.Sleep(2 * time.Second)
		if r.feeds.Len() != 0 || r.meter.feeds.Load() != 0 || r.feeds.bytes.Load() != 0 {
			t.Error("it did not end")
		}
		r.wantPolls(2)
	})
}

func TestAFeedThatIsReferredToDoesNotEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		time.Sleep(time.Hour)
		if r.feeds.Len() != 1 {
			t.Error("it ended")
		}
		r.want(get(f, KeepNone), "v1")
		time.Sleep(time.Hour)
		f.Release()
		time.Sleep(time.Minute + time.Second)
		if r.feeds.Len() != 0 {
			t.Error("it did not end")
		}
	})
}

func TestAFeedThatWasNeverAskedEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.acquire("/x").Release()
		time.Sleep(time.Minute + time.Second)
		if r.feeds.Len() != 0 {
			t.Error("it did not end")
		}
		r.wantPolls(0)
	})
}
