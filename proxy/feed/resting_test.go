package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// refuses makes the origin answer polls of a path so from now on, once, and then as
// before.
func (s *script) refuses(path string, status int, fields ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, done := s.say, false
	s.say = func(p *poll) *origin.Response {
		s.mu.Lock()
		first := !done && strings.HasPrefix(p.line, "GET "+path+" ")
		done = done || first
		s.mu.Unlock()
		if first {
			return response(status, "", fields...)
		}
		return before(p)
	}
}

// eachRest tells a story with ten feeds, after one of them was told to leave the host
// alone for ten seconds. It has begun at from.
func eachRest(t *testing.T, story func(t *testing.T, r *rig, from time.Time)) {
	t.Helper()
	for _, perSecond := range []float64{0, 50} {
		for _, status := range []int{429, 503} {
			t.Run(fmt.Sprintf("%d, %v a second", status, perSecond), func(t *testing.T) {
				inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
					r.origin.latency = 20 * time.Millisecond
					r.policy.StaleWhileRevalidate = 0
					r.askAll(numbered("/", 10))
					r.hold(numbered("/", 10)...)
					time.Sleep(5300 * time.Millisecond)
					r.origin.refuses("/3", status, "Retry-After", "10")
					for r.feeds.Get([]byte("/3\x00")).Latest().Stale == "" {
						time.Sleep(time.Millisecond)
					}
					story(t, r, time.Now())
				})
			})
		}
	}
}

func TestRetryAfterOfOneFeedRestsAllOfTheHost(t *testing.T) {
	eachRest(t, func(t *testing.T, r *rig, from time.Time) {
		other := newRig(t, Limits{}) // another upstream
		t.Cleanup(other.close)
		other.budget(50)
		other.hold("/x")
		r.often(100*time.Millisecond, func() { r.get("/5") })
		r.often(100*time.Millisecond, func() { r.get("/cold") })
		r.often(time.Second, func() { r.feeds.Refresh(func(_, _ string) bool { return true }) })
		r.often(time.Second, func() { r.feeds.Written(&Write{Targets: []string{"example.com/7"}}) })
		time.Sleep(10*time.Second - 2*time.Millisecond)
		if n := r.since(from); n != 0 {
			t.Errorf("%d polls of a host that wants to be left alone", n)
		}
		if n := other.since(from); n != 10 {
			t.Errorf("%d polls of another in 10s", n)
		}
		time.Sleep(3 * time.Second)
		for _, path := range numbered("/", 10) {
			if begins := r.origin.beginsOf(path); begins[len(begins)-1].Before(from) {
				t.Errorf("%s was not polled afterwards", path)
			}
		}
	})
}

func TestWhoAsksWhileTheHostRestsIsToldAtOnce(t *testing.T) {
	eachRest(t, func(t *testing.T, r *rig, from time.Time) {
		time.Sleep(2 * time.Second)
		for _, path := range []string{"/3", "/5"} {
			detail := map[string]string{"/3": "stale-if-error", "/5": "retry-after"}[path]
			a, waited := r.timed(path)
			if r.want(a, "v1"); a.How != Hit || a.Detail != detail || waited != 0 {
				t.Errorf("%s: after %v: %v, %q", path, waited, a.How, a.Detail)
			}
		}
		left := 10*time.Second - time.Since(from)
		a, waited := r.timed("/cold")
		if !errors.Is(a.Err, ErrResting) || a.RetryAfter < left-time.Millisecond || a.RetryAfter > left+time.Millisecond || waited != 0 {
			t.Errorf("after %v: %+v, %v are left", waited, a, left)
		}
		// What was before a write is no answer after it.
		r.feeds.Written(&Write{Targets: []string{"example.com/5"}})
		if a, waited := r.timed("/5"); !errors.Is(a.Err, ErrResting) || waited != 0 {
			t.Errorf("after a write, and %v: %+v", waited, a)
		}
	})
}

func TestAfterItsRestTheHostHasNoBurst(t *testing.T) {
	inBubbleOf(t, Limits{}, 20, func(t *testing.T, r *rig) {
		r.hold(numbered("/", 10)...)
		time.Sleep(5 * time.Second)
		r.origin.refuses("/3", 429, "Retry-After", "30")
		time.Sleep(2 * time.Second)
		r.askAll(numbered("/cold", 100))
		time.Sleep(time.Minute)
		r.wantEven(r.begin.Add(10*time.Second), 10)
		r.wantBudget(20)
	})
}

// What one resource says of itself is no word on the others.
func TestRetryAfterOfAFaultRestsOneFeedOnly(t *testing.T) {
	for _, perSecond := range []float64{0, 50} {
		for _, status := range []int{200, 404, 408, 500, 502} {
			inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
				r.hold(numbered("/", 10)...)
				time.Sleep(5300 * time.Millisecond)
				r.origin.refuses("/3", status, "Retry-After", "10", "Content-Type", "text/plain")
				time.Sleep(time.Second)
				from := time.Now()
				time.Sleep(9 * time.Second)
				if n, own := r.since(from), len(r.origin.beginsOf("/3")); n != 9*9 || own > 7 {
					t.Errorf("%d: %d polls of ten feeds in nine seconds, %d of the one that wants none", status, n, own)
				}
				time.Sleep(3 * time.Second)
				if n := len(r.origin.beginsOf("/3")); n < 8 {
					t.Errorf("%d: it was not polled afterwards", status)
				}
			})
		}
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	for _, perSecond := range []float64{0, 50} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.hold(numbered("/", 10)...)
			time.Sleep(5500 * time.Millisecond)
			now := time.Now().UTC()
			r.origin.refuses("/3", 503, "Date", now.Format(http.TimeFormat), "Retry-After", now.Add(10*time.Second).Format(http.TimeFormat))
			time.Sleep(time.Second)
			from := time.Now()
			time.Sleep(8 * time.Second)
			if n := r.since(from); n != 0 {
				t.Errorf("%d polls", n)
			}
		})
	}
}

// Those who waited for something already are not left waiting.
func TestThoseWhoWaitWhenTheRestBeginsAreToldAtOnce(t *testing.T) {
	inBubbleOf(t, Limits{}, 1, func(t *testing.T, r *rig) {
		r.origin.latency = 500 * time.Millisecond
		r.policy.StaleIfError = time.Hour
		r.get("/x")
		time.Sleep(2 * time.Second)
		r.origin.refuses("/busy", 429, "Retry-After", "5")
		go r.get("/busy")
		synctest.Wait()
		go func() {
			if a, waited := r.timed("/cold"); !errors.Is(a.Err, ErrResting) || a.RetryAfter != 5*time.Second || waited != 500*time.Millisecond {
				t.Errorf("after %v: %+v", waited, a)
			}
		}()
		go func() {
			if a, waited := r.timed("/x"); a.Update == nil || a.Detail != "retry-after" || waited != 500*time.Millisecond {
				t.Errorf("after %v: %+v", waited, a)
			}
		}()
		go func() {
			began := time.Now()
			if _, err := r.turns.Turn(context.Background()); !errors.Is(err, ErrResting) || time.Since(began) != 500*time.Millisecond {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		}()
		time.Sleep(5*time.Second + 499*time.Millisecond)
		r.wantPolls(2)
	})
}

// One who needs a later poll than the one under way does not get it while the host
// rests.
func TestALatePollWaitsForTheEndOfTheRest(t *testing.T) {
	for _, perSecond := range []float64{0, 50} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.origin.latency = time.Second
			r.policy.StaleIfError = time.Hour
			f := r.acquire("/x")
			defer f.Release()
			go get(f, KeepNone)
			time.Sleep(500 * time.Millisecond)
			f.Passed() // somebody was answered beside the feed
			go func() {
				if a := get(f, KeepNone); a.Update == nil || a.Detail != "retry-after" {
					t.Errorf("got %+v", a)
				}
			}()
			r.outage.Rest(time.Now().Add(10 * time.Second))
			time.Sleep(9 * time.Second)
			r.wantPolls(1)
		})
	}
}
