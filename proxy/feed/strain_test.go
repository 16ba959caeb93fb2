package feed

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// strained is an origin that takes longer from some time on, and counts how many
// requests it has at once.
type strained struct {
	mu        sync.Mutex
	latency   time.Duration
	now, most int
}

func (s *strained) say(p *poll) *origin.Response {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	latency := s.latency
	s.mu.Unlock()
	answered := pause(p.ctx, latency)
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	if !answered {
		return nil
	}
	return response(200, "v1", "Content-Type", "text/plain")
}

// slow makes it take so long from now on.
func (s *strained) slow(latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency, s.most = latency, s.now
}

func (s *strained) atOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

func TestAnOriginThatTakesTenTimesAsLongGetsFewerRequestsAtOnce(t *testing.T) {
	const usual = 50 * time.Millisecond
	inBubbleOf(t, Limits{}, 100, func(t *testing.T, r *rig) {
		o := &strained{latency: usual}
		r.origin.answers(o.say)
		r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
		r.hold(numbered("/", 200)...)
		time.Sleep(30 * time.Second)
		if n, rate := o.atOnce(), r.rateOver(time.Now().Add(-10*time.Second), 10*time.Second); n > 10 || rate < 99 {
			t.Fatalf("usually it gets %v a second, %d at once", rate, n)
		}
		o.slow(10 * usual) // the budget would have 50 at once
		time.Sleep(2 * time.Second)
		o.slow(10 * usual)
		time.Sleep(time.Minute)
		if n, rate := o.atOnce(), r.rateOver(time.Now().Add(-10*time.Second), 10*time.Second); n > 10 || rate < 5 {
			t.Errorf("when it is slow, it gets %v a second, %d at once", rate, n)
		}
		o.slow(usual)
		time.Sleep(10 * time.Second)
		if rate := r.rateOver(time.Now().Add(-5*time.Second), 5*time.Second); rate < 98 {
			t.Errorf("when it is fast again, it gets %v a second", rate)
		}
		r.wantBudget(100)
	})
}

func TestAFewFeedsThatHangStarveNobody(t *testing.T) {
	busy(t, 50, 190, func(t *testing.T, r *rig) {
		r.origin.answers(func(p *poll) *origin.Response {
			if strings.HasPrefix(p.line, "GET /hangs") {
				<-p.ctx.Done()
				return nil
			}
			return response(200, "v1", "Content-Type", "text/plain")
		})
		from := time.Now()
		r.hold(numbered("/hangs", 10)...)
		least := 0.6 // until it is known which of them hang
		for range 12 {
			time.Sleep(5 * time.Second)
			if rate := r.rateOver(time.Now().Add(-5*time.Second), 5*time.Second); rate < least*50 {
				t.Errorf("%v later, there were %v requests a second", time.Since(from), rate)
			}
			least = 0.95
		}
		hanging := 0
		for _, path := range numbered("/hangs", 10) {
			hanging += len(r.origin.beginsOf(path))
		}
		if hanging < 20 || hanging > 10*7 {
			t.Errorf("%d polls hung", hanging)
		}
	})
}
