package feed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// crowd subscribes to n feeds of one upstream, and lets each be polled once.
func (r *rig) crowd(n int, seed uint64) (feeds []*Feed) {
	chance := chance{source: rand.New(rand.NewPCG(seed, 0))}
	r.feeds.random = func() float64 { return float64(chance.of(1<<30)) / (1 << 30) }
	for i := range n {
		time.Sleep(chance.upTo(2 * r.policy.Interval / time.Duration(n)))
		f := r.subscribe(fmt.Sprint("/", i))
		feeds = append(feeds, f)
		r.t.Cleanup(func() { leave(f) })
	}
	time.Sleep(2 * r.policy.Interval)
	return feeds
}

// current is how many have the current version.
func current(feeds []*Feed, body string) (n int) {
	for _, f := range feeds {
		if s := f.Latest(); s.Stale == "" && s.Update != nil && string(s.Update.Body) == body {
			n++
		}
	}
	return n
}

// since is how many polls began from a time on.
func (r *rig) since(at time.Time) (n int) {
	for _, began := range r.origin.begins(at) {
		if began >= 0 {
			n++
		}
	}
	return n
}

func TestWithinTwoIntervalsOfTheOriginsRecoveryEverybodyIsCurrent(t *testing.T) {
	for _, crowd := range []int{1, 2, 3, 10, 200} {
		for seed := range uint64(6) {
			inBubble(t, func(t *testing.T, r *rig) {
				r.origin.latency = 20 * time.Millisecond
				feeds := r.crowd(crowd, seed)
				r.origin.fails()
				time.Sleep(time.Duration(seed)*7*time.Second + time.Duration(seed)*123*time.Millisecond)
				r.origin.says(200, "back")
				time.Sleep(2*r.policy.Interval + 2*r.origin.latency)
				if n := current(feeds, "back"); n != crowd {
					t.Errorf("seed %d: %d of %d are current after two intervals", seed, n, crowd)
				}
			})
		}
	}
}

func TestADownOriginIsAskedByAScoutNotByEverybody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const crowd = 200
		r.crowd(crowd, 1)
		r.origin.fails()
		time.Sleep(20 * time.Second)
		from := time.Now()
		time.Sleep(time.Minute)
		// Eight intervals at most, four and a half on average, and a scout in
		// between.
		if n := r.since(from); n > 60*crowd/3 || n < 60 {
			t.Errorf("%d polls of an origin that is down, %d of one that is not", n, 60*crowd)
		}
		last := time.Duration(0)
		for _, began := range r.origin.begins(from) {
			if began-last > 2*time.Second {
				t.Errorf("nobody tried for %v", began-last)
			}
			last = max(last, began)
		}
	})
}

func TestThoseWhoFailedComeBackSpreadOverAnInterval(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const crowd, slots = 400, 10
		feeds := r.crowd(crowd, 2)
		r.origin.fails()
		time.Sleep(time.Minute)
		r.origin.says(200, "back")
		for current(feeds, "back") == 0 {
			time.Sleep(time.Millisecond)
		}
		back := time.Now()
		time.Sleep(r.policy.Interval)
		var counts [slots]int
		for _, began := range r.origin.begins(back) {
			if began >= 0 {
				counts[min(int(began*slots/r.policy.Interval), slots-1)]++
			}
		}
		for slot, n := range counts {
			if n > 2*crowd/slots {
				t.Errorf("tenth %d of the interval: %d of %d: %v", slot, n, crowd, counts)
			}
		}
	})
}

func TestAHungOriginKeepsNobodyLongerThanItsOwnPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const crowd = 100
		feeds := r.crowd(crowd, 3)
		var hung atomic.Bool
		hung.Store(true)
		r.origin.answers(func(p *poll) *origin.Response {
			if hung.Load() {
				<-p.ctx.Done() // even once the origin is back
				return nil
			}
			return response(200, "back", "Content-Type", "text/plain")
		})
		time.Sleep(2 * time.Minute)
		from := time.Now()
		time.Sleep(time.Minute)
		if n := r.since(from); n > 60*crowd/12 {
			t.Errorf("%d polls of a hung origin in a minute", n)
		}
		hung.Store(false)
		time.Sleep(2 * r.policy.Interval)
		if n := current(feeds, "back"); n != crowd {
			t.Errorf("%d of %d are current", n, crowd)
		}
	})
}

func TestWhoeverWaitsForAHungPollIsAnsweredOnceTheOriginIsBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		r.origin.answers(func(p *poll) *origin.Response {
			if p.n < 4 {
				<-p.ctx.Done()
				return nil
			}
			return response(200, "back", "Content-Type", "text/plain")
		})
		time.Sleep(time.Second)
		r.get("/x") // the first that fails
		time.Sleep(2 * time.Second)
		begin := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			r.get("/another")
		}()
		a := r.want(r.get("/x"), "back")
		if waited := time.Since(begin); waited != 3*time.Second || a.Version != 2 {
			t.Errorf("answered after %v", waited)
		}
	})
}

func TestAFeedThatFailsAmongOthersThatDoNotIsPolledAgainWithinTwoIntervals(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var healed atomic.Bool
		broken := func(p *poll) bool {
			var i int
			_, _ = fmt.Sscanf(p.line, "GET /%d ", &i)
			return i < 50 && !(i == 7 && healed.Load())
		}
		r.origin.answers(func(p *poll) *origin.Response {
			if broken(p) {
				return response(500, "")
			}
			return response(200, "good", "Content-Type", "text/plain")
		})
		feeds := r.crowd(100, 4)
		from := time.Now()
		time.Sleep(time.Minute)
		if n, nominal := r.since(from), 60*100; n > nominal*9/10 {
			t.Errorf("%d polls of %d: half of the feeds fail, and none backs off", n, nominal)
		}
		healed.Store(true)
		time.Sleep(2 * r.policy.Interval)
		if current(feeds[7:8], "good") != 1 || current(feeds, "good") != 51 {
			t.Errorf("%d of 51 are current", current(feeds, "good"))
		}
	})
}

// TestAFlappingOriginGetsNoMoreThanItsShare has five minutes of everything that
// an origin can do wrong, and somebody who asks all the time.
func TestAFlappingOriginGetsNoMoreThanItsShare(t *testing.T) {
	for _, crowd := range []int{1, 7, 30} {
		inBubble(t, func(t *testing.T, r *rig) {
			chance := chance{source: rand.New(rand.NewPCG(5, 6))}
			var version atomic.Int64
			r.origin.answers(func(p *poll) *origin.Response {
				switch version.Add(1); chance.of(8) {
				case 0:
					return nil
				case 1:
					return response(500, "bad", "Content-Type", "text/plain")
				case 2:
					return response(503, "bad", "Retry-After", "0")
				case 3:
					return response(304, "")
				case 4:
					cut := response(200, "bad", "Content-Type", "text/plain")
					cut.Length += 10
					return cut
				case 5:
					pause(p.ctx, chance.upTo(3*time.Second))
				}
				return response(200, fmt.Sprintf("good %09d", version.Load()), "Content-Type", "text/plain")
			})
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			feeds := r.crowd(crowd, 7)
			for _, f := range feeds {
				go watchOnlyGoodAndLater(ctx, t, f)
				go func() {
					for pause(ctx, 50*time.Millisecond) {
						get(f, KeepNone)
					}
				}()
			}
			from := time.Now()
			time.Sleep(5 * time.Minute)
			if n, nominal := r.since(from), 300*crowd; float64(n) > 1.1*float64(nominal) {
				t.Errorf("%d polls, nominal are %d", n, nominal)
			}
			stop()
			synctest.Wait()
		})
	}
}

// watchOnlyGoodAndLater follows a feed as a subscriber does.
func watchOnlyGoodAndLater(ctx context.Context, t *testing.T, f *Feed) {
	body, version := "", uint64(0)
	for {
		s := f.Latest()
		if u := s.Update; u != nil {
			if got := string(u.Body); got[:4] != "good" || got < body || u.Version < version {
				t.Errorf("after %q, version %d: %q, version %d", body, version, got, u.Version)
			}
			body, version = string(u.Body), u.Version
		}
		select {
		case <-s.Changed:
		case <-ctx.Done():
			return
		}
	}
}
