package feed

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// database is an origin that reads its value when a poll arrives, and sends it
// when the latency is over.
type database struct {
	value   atomic.Int64
	known   atomic.Int64 // whose write has been answered
	latency func() time.Duration
	polls   atomic.Int64
	flown   atomic.Int64 // polls that were not aborted
}

// Do implements Origin.
func (d *database) Do(ctx context.Context, _ *origin.Request) (*origin.Response, error) {
	d.polls.Add(1)
	value := d.value.Load()
	if !pause(ctx, d.latency()) {
		return nil, interrupted(ctx)
	}
	d.flown.Add(1)
	return response(200, fmt.Sprint(value)), nil
}

// write changes the value, as a request that passes through does.
func (d *database) write(f *Feed) {
	value := d.value.Add(1)
	f.Invalidate()
	for known := d.known.Load(); known < value && !d.known.CompareAndSwap(known, value); known = d.known.Load() {
	}
}

// valueOf is what an answer says of the database.
func valueOf(u *upgrade.Update) (n int64) {
	_, _ = fmt.Sscan(string(u.Body), &n)
	return n
}

func slowDatabase(r *rig) *database {
	d := &database{latency: func() time.Duration { return 300 * time.Millisecond }}
	r.other = d
	return d
}

func TestAnAskAfterAWriteDoesNotJoinAnOlderFlight(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		f := r.acquire("/x")
		defer f.Release()
		var before sync.WaitGroup
		before.Go(func() { r.want(get(f, KeepNone), "1") }) // it may as well see the write
		time.Sleep(200 * time.Millisecond)
		d.write(f)
		a := get(f, KeepNone)
		r.want(a, "1")
		before.Wait()
		if took := time.Since(r.begin); took != 500*time.Millisecond {
			t.Errorf("the older poll was waited for: %v", took)
		}
		if d.polls.Load() != 2 || d.flown.Load() != 1 {
			t.Errorf("%d polls, %d to the end", d.polls.Load(), d.flown.Load())
		}
	})
}

func TestASnapshotFromBeforeAWriteAnswersNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		f := r.acquire("/x")
		defer f.Release()
		r.want(get(f, KeepNone), "0")
		d.write(f)
		if a, ok := f.Hit(time.Now()); ok {
			t.Errorf("got %+v", a)
		}
		r.want(get(f, KeepNone), "1")
		r.want(get(f, KeepNone), "1")
		if n := d.polls.Load(); n != 2 {
			t.Errorf("%d polls", n)
		}
	})
}

func TestNeitherStaleAnswerShowsWhatWasTrueBeforeAWrite(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.StaleWhileRevalidate, r.policy.StaleIfError = time.Hour, time.Hour
		r.want(r.get("/x"), "v1")
		f := r.acquire("/x")
		defer f.Release()
		f.Invalidate()
		r.origin.fails()
		if a := get(f, KeepNone); a.Err == nil {
			t.Errorf("got %+v", a)
		}
	})
}

func TestAWriteWithSubscribersPollsAtOnceAndWithoutThemNot(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		r.policy.Interval, r.policy.Linger = time.Hour, 24*time.Hour
		f := r.acquire("/x")
		r.want(get(f, KeepNone), "0")
		for range 10 {
			d.write(f)
			time.Sleep(time.Second)
		}
		if n := d.polls.Load(); n != 1 {
			t.Errorf("%d polls for nobody", n)
		}
		f.Subscribe(r.share.Vary())
		time.Sleep(time.Second)
		for range 10 {
			d.write(f)
			time.Sleep(301 * time.Millisecond)
			if got, want := valueOf(f.Latest().Update), d.value.Load(); got != want {
				t.Errorf("a round trip after write %d they see %d", want, got)
			}
		}
		if n := d.polls.Load(); n != 12 {
			t.Errorf("%d polls", n)
		}
		leave(f)
	})
}

func TestContinuousWritesStarveNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		d := slowDatabase(r)
		f := r.subscribe("/x")
		defer leave(f)
		stop := time.Now().Add(time.Minute)
		var clients sync.WaitGroup
		clients.Go(func() { // a write every 7 ms
			for time.Now().Before(stop) {
				d.write(f)
				time.Sleep(7 * time.Millisecond)
			}
		})
		clients.Go(func() {
			for time.Now().Before(stop) {
				began, value := time.Now(), d.known.Load()
				u := get(f, KeepNone).Update
				// The protected poll under way, one that is aborted, and the
				// protected one behind it.
				if took := time.Since(began); u == nil || valueOf(u) < value || took > 620*time.Millisecond {
					t.Errorf("after %v: %+v", took, u)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
		clients.Go(func() {
			for time.Now().Before(stop) {
				state, began := f.Latest(), time.Now()
				<-state.Changed
				if took := time.Since(began); took > 620*time.Millisecond {
					t.Errorf("subscribers heard nothing for %v", took)
				}
			}
		})
		clients.Wait()
		if polls, flown := d.polls.Load(), d.flown.Load(); polls > 2*flown+2 {
			t.Errorf("%d polls for %d answers", polls, flown)
		}
	})
}

func TestWhoKnowsOfAWriteNeverReadsWhatWasBefore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := newChance(t)
		d := slowDatabase(r)
		d.latency = func() time.Duration { return c.upTo(200 * time.Millisecond) }
		r.policy.StaleWhileRevalidate = time.Second
		f := r.subscribe("/x")
		defer leave(f)
		stop := time.Now().Add(2 * time.Minute)
		var clients sync.WaitGroup
		for range 3 {
			clients.Go(func() {
				for time.Now().Before(stop) {
					d.write(f)
					time.Sleep(c.upTo(500 * time.Millisecond))
				}
			})
		}
		for range 10 {
			clients.Go(func() {
				for time.Now().Before(stop) {
					known := d.known.Load()
					if u := get(f, KeepNone).Update; u == nil || valueOf(u) < known {
						t.Errorf("knew %d, read %+v", known, u)
					}
					time.Sleep(c.upTo(100 * time.Millisecond))
				}
			})
		}
		clients.Wait()
	})
}

func TestAnAnswerThatAWriteOvertookIsNotPublished(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		// It has landed, and run has not been told of the write yet.
		f := newFeed(r.feeds, r.spec("/x"))
		f.runs.flight = &flight{began: time.Now(), terms: f.terms.Load(), cancel: func() {}}
		f.Invalidate()
		f.land(landing{response: response(200, "old"), body: []byte("old")})
		if f.Latest().Update != nil || !f.runs.aborted {
			t.Errorf("got %+v", f.Latest())
		}
		// Nor is it kept.
		var open atomic.Int64
		open.Add(1)
		resp := response(200, "mine")
		resp.Body = &tracked{Reader: resp.Body, open: &open}
		f.runs.flight = &flight{began: time.Now(), terms: f.terms.Load(), cancel: func() {}, aborted: true}
		f.land(landing{response: resp, verdict: share.Verdict{Reason: "private"}, kept: &Kept{Response: resp}})
		if open.Load() != 0 {
			t.Error("its response was not closed")
		}
	})
}

func TestAFailureThatAWriteOvertookIsAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := newFeed(r.feeds, r.spec("/x"))
		f.runs.flight = &flight{began: time.Now(), terms: f.terms.Load(), cancel: func() {}}
		f.Invalidate()
		f.land(landing{response: response(503, "", "Retry-After", "60"), err: errStatus(503)})
		if f.runs.failures != 1 || f.retry().Sub(r.begin) != time.Minute {
			t.Errorf("%d failures, the next poll after %v", f.runs.failures, f.retry().Sub(r.begin))
		}
	})
}

// A write can reach a feed in several ways, and is one write.
func TestAWriteThatReachesAFeedInManyWaysPollsItOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Hour
		d := slowDatabase(r)
		f := r.subscribe("/x")
		defer leave(f)
		time.Sleep(time.Second)
		d.value.Add(1)
		target := f.spec.Target
		r.feeds.Written(&Write{Targets: []string{target, target}, Routes: []string{"route", "another", "route"}, Own: f})
		time.Sleep(301 * time.Millisecond)
		if u := f.Latest().Update; valueOf(u) != 1 {
			t.Errorf("a round trip later they see %q", u.Body)
		}
		if polls, writes := d.polls.Load(), f.generation.Load(); polls != 2 || writes != 1 {
			t.Errorf("%d polls, %d writes", polls, writes)
		}
	})
}

func TestAWriteToNothingReachesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		get(f, KeepNone)
		f.Release()
		for _, w := range []*Write{{}, {Targets: []string{"", "example.com/y", "/x"}}, {Routes: []string{"", "another"}}, {Own: newFeed(r.feeds, r.spec("/y"))}} {
			r.feeds.Written(w)
			if _, ok := f.Hit(time.Now()); !ok {
				t.Errorf("%+v outdated it", w)
			}
		}
	})
}
