package feed

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// rateOver is how many polls a second began in a span from a time on.
func (r *rig) rateOver(from time.Time, span time.Duration) float64 {
	return float64(r.between(from, from.Add(span))) / span.Seconds()
}

// wantEven fails if the polls that began since then came in bursts: in any tenth of a
// second there may be as many as the budget has for it, and those that a timer was
// late for.
func (r *rig) wantEven(from time.Time, perSecond float64) {
	r.t.Helper()
	const span = time.Second / 10
	n := int(perSecond*0.12) + 2
	begins := r.origin.begins(from)
	for i := n; i < len(begins); i++ {
		if begins[i-n] >= 0 && begins[i]-begins[i-n] < span {
			r.t.Fatalf("%d polls began from %v to %v", n+1, begins[i-n], begins[i])
		}
	}
}

// busy is a rig whose feeds use up its budget.
func busy(t *testing.T, perSecond float64, feeds int, story func(t *testing.T, r *rig)) {
	t.Helper()
	inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
		r.feeds.random = rand.Float64
		r.origin.latency = 20 * time.Millisecond
		r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
		r.hold(numbered("/", feeds)...)
		time.Sleep(30 * time.Second)
		story(t, r)
		r.wantBudget(perSecond)
	})
}

// What many requests under way are told at once is one complaint.
func TestABurstOfRefusalsHalvesTheBudgetOnceAndItRecoversWithinAMinute(t *testing.T) {
	for _, status := range []int{429, 503} {
		busy(t, 40, 100, func(t *testing.T, r *rig) {
			begin := time.Now()
			r.origin.answers(func(p *poll) *origin.Response {
				if since := p.began.Sub(begin); since >= 0 && since < 150*time.Millisecond {
					pause(p.ctx, 200*time.Millisecond) // until all of them are under way
					return response(status, "")
				}
				return response(200, "v1", "Content-Type", "text/plain")
			})
			time.Sleep(time.Minute + 10*time.Second)
			for second, want := range map[int]float64{1: 21.5, 10: 27.5, 20: 34, 31: 40, 60: 40} {
				at := begin.Add(time.Duration(second) * time.Second)
				if got := r.rateOver(at, 2*time.Second); got < 0.9*want || got > 1.1*want {
					t.Errorf("%d: after %ds it had %v a second, want about %v", status, second, got, want)
				}
			}
		})
	}
}

// An origin that refuses all the time gets little, but is not given up.
func TestAnOriginThatRefusesEverythingGetsLessAndLess(t *testing.T) {
	busy(t, 64, 100, func(t *testing.T, r *rig) {
		r.origin.says(429, "")
		time.Sleep(30 * time.Second)
		if got := r.rateOver(time.Now().Add(-10*time.Second), 10*time.Second); got > 16 || got < 1 {
			t.Errorf("it gets %v a second", got)
		}
		r.origin.says(200, "v2", "Content-Type", "text/plain")
		time.Sleep(time.Minute + 5*time.Second)
		if got := r.rateOver(time.Now().Add(-5*time.Second), 5*time.Second); got < 0.95*64 {
			t.Errorf("once it is well, it gets %v a second", got)
		}
	})
}

func TestTheFirstSecondHasNoBurst(t *testing.T) {
	inBubbleOf(t, Limits{}, 50, func(t *testing.T, r *rig) {
		r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
		r.hold(numbered("/", 200)...)
		time.Sleep(5 * time.Second)
		r.wantEven(r.begin, 50)
		r.wantBudget(50)
	})
}

// Neither is there one when an origin is back that was down, hung or busy for a
// minute.
func TestTheFirstSecondAfterAnOutageHasNoBurst(t *testing.T) {
	for name, outage := range map[string]func(p *poll) *origin.Response{
		"down":  func(*poll) *origin.Response { return nil },
		"hung":  func(p *poll) *origin.Response { <-p.ctx.Done(); return nil },
		"busy":  func(*poll) *origin.Response { return response(503, "", "Retry-After", "7") },
		"wrong": func(*poll) *origin.Response { return response(500, "") },
	} {
		t.Run(name, func(t *testing.T) {
			busy(t, 50, 200, func(t *testing.T, r *rig) {
				var over atomic.Bool
				r.origin.answers(func(p *poll) *origin.Response {
					if !over.Load() {
						return outage(p)
					}
					return response(200, fmt.Sprint("v", p.n), "Content-Type", "text/plain")
				})
				time.Sleep(time.Minute)
				back := time.Now()
				over.Store(true)
				time.Sleep(time.Minute + 30*time.Second)
				r.wantEven(back, 50)
				if got := r.rateOver(time.Now().Add(-10*time.Second), 10*time.Second); got < 0.98*50 {
					t.Errorf("in the end it gets %v a second", got)
				}
			})
		})
	}
}
