package feed

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhileRevalidatingPollersGetTheOldSnapshotAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = 5 * time.Second
		r.get("/x")
		r.origin.latency = time.Second
		r.origin.says(200, "v2")
		time.Sleep(3 * time.Second)
		caused := 0
		for range 10 {
			a := r.get("/x")
			r.want(a, "v1")
			if a.How != Hit || a.Detail != "stale-while-revalidate" {
				t.Errorf("got %+v", a)
			}
			if a.Caused {
				caused++
			}
			synctest.Wait() // the poll is under way from the first on
		}
		if caused != 1 {
			t.Errorf("%d clients are said to have caused the poll", caused)
		}
		if now := time.Since(r.begin); now != 3*time.Second {
			t.Errorf("they waited until %v", now)
		}
		time.Sleep(1500 * time.Millisecond)
		r.want(r.get("/x"), "v2")
		r.wantPolls(2)
	})
}

func TestAHitDuringARevalidationCausesNoFurtherPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = 5 * time.Second
		r.policy.Linger = 24 * time.Hour
		r.get("/x")
		r.origin.latency = 500 * time.Millisecond
		time.Sleep(2 * time.Second)
		r.get("/x")
		time.Sleep(100 * time.Millisecond)
		if a := r.get("/x"); a.Caused {
			t.Error("it is said to have caused a poll")
		}
		time.Sleep(12 * time.Hour)
		r.wantPolls(2)
	})
}

func TestASnapshotTooOldToRevalidateIsWaitedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = 5 * time.Second
		r.get("/x")
		r.origin.says(200, "v2")
		time.Sleep(6 * time.Second)
		a := r.get("/x")
		r.want(a, "v2")
		if a.How != Fetched || !a.Renewal {
			t.Errorf("got %+v", a)
		}
	})
}

func TestAFailedRevalidationIsNotRepeatedWithoutAClient(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = time.Minute
		r.policy.Linger = 24 * time.Hour
		r.get("/x")
		time.Sleep(2 * time.Second)
		r.origin.fails()
		r.want(r.get("/x"), "v1")
		synctest.Wait()
		if a := r.get("/x"); a.Detail != "stale-if-error" || a.Caused {
			t.Errorf("after it failed: %+v", a)
		}
		time.Sleep(12 * time.Hour)
		r.wantPolls(2)
	})
}

func TestAWishThatCameTooLateIsForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate = time.Minute
		r.policy.Linger = 24 * time.Hour
		r.get("/x")
		// Somebody saw the old snapshot just before this one came.
		f := r.feeds.Get([]byte("/x\x00"))
		f.revalidate()
		time.Sleep(12 * time.Hour)
		r.wantPolls(1)
	})
}

func TestARevalidationThatAWriteAbortsIsNotRepeatedForNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		r.policy.StaleWhileRevalidate = time.Minute
		f := r.acquire("/x")
		defer f.Release()
		r.want(get(f, KeepNone), "0")
		time.Sleep(2 * time.Second)
		r.want(get(f, KeepNone), "0")
		time.Sleep(100 * time.Millisecond)
		d.write(f)
		time.Sleep(time.Minute)
		if n := d.polls.Load(); n != 2 {
			t.Errorf("%d polls", n)
		}
		// The next poll is one like any other: a write aborts it.
		began := time.Now()
		var clients sync.WaitGroup
		clients.Go(func() { get(f, KeepNone) })
		time.Sleep(100 * time.Millisecond)
		d.write(f)
		r.want(get(f, KeepNone), "2")
		if took := time.Since(began); took != 400*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		clients.Wait()
	})
}
