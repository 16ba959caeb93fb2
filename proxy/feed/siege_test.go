package feed

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Whatever happens, all at once, these hold: the budget in every window, one request
// in flight for each feed, none that nobody wants, none before the origin allows it,
// none too late, versions that never go back, and an answer in time for everybody who
// asks.
func TestNothingBreaksTheRulesOfABudget(t *testing.T) {
	c := newChance(t)
	rounds := 10
	if racing {
		rounds = 5
	}
	for i := range rounds {
		perSecond := []float64{3, 7.5, 20, 50, 0}[i%5]
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.feeds.random = func() float64 { return float64(c.of(1<<20)) / (1 << 20) }
			r.policy.Interval, r.policy.MaxInterval, r.policy.Timeout = 200*time.Millisecond, time.Minute, 6*time.Second
			r.policy.Linger = 20*time.Second + c.upTo(30*time.Second) // longer than any hint
			if c.of(2) == 0 {
				r.policy.MaxInterval = 0 // a fixed one
			}
			r.policy.StaleWhileRevalidate = c.upTo(5*time.Second) * time.Duration(c.of(2))
			s := newSiege(t, c, perSecond, r.policy.Interval)
			r.other = s
			storm(r, s, i%3 == 0)
		})
		if t.Failed() {
			return
		}
	}
}

// storm has clients of all kinds for two minutes. Of a busy origin, all are refused
// now and then.
func storm(r *rig, s *siege, isBusy bool) {
	var clients sync.WaitGroup
	end := time.Now().Add(2 * time.Minute)
	each := func(n int, pause time.Duration, do func(path string)) {
		for i := range n {
			clients.Go(func() {
				for time.Now().Before(end) {
					do(fmt.Sprint("/", i))
					time.Sleep(s.chance.upTo(pause))
				}
			})
		}
	}
	each(40, 20*time.Second, func(path string) { r.endures(s, path, s.chance.upTo(40*time.Second)) })
	each(40, 40*time.Second, func(path string) { r.endures(s, path, s.chance.upTo(40*time.Second)) })
	each(50, 10*time.Second, func(path string) { r.asks(s, path) })
	each(5, 300*time.Millisecond, func(path string) { r.asks(s, path) })
	each(20, 20*time.Second, func(path string) {
		s.visit(path, func(h *house) { h.wrote, h.writes = time.Now(), h.writes+1 })
		if s.chance.of(2) == 0 {
			r.feeds.Written(&Write{Targets: []string{"example.com" + path}})
		} else {
			r.feeds.Refresh(func(_, target string) bool { return target == "example.com"+path })
		}
	})
	if isBusy {
		each(1, 50*time.Second, func(string) {
			s.mu.Lock()
			s.busy = time.Now().Add(s.chance.upTo(time.Second))
			s.mu.Unlock()
		})
	}
	clients.Wait()
}

// endures is a subscriber for a while.
func (r *rig) endures(s *siege, path string, stay time.Duration) {
	s.visit(path, func(h *house) {
		if h.subscribers++; h.subscribers == 1 {
			h.since = time.Now()
		}
	})
	f := r.subscribe(path)
	defer func() {
		leave(f)
		s.visit(path, func(h *house) { h.subscribers, h.left = h.subscribers-1, time.Now() })
	}()
	number, version := 0, uint64(0)
	for gone := time.After(stay); ; {
		state := f.Latest()
		if u := state.Update; u != nil {
			if n, _ := strconv.Atoi(string(u.Body)); n < number || u.Version < version {
				r.t.Errorf("%s: version %d after %d, number %d after %d", path, u.Version, version, n, number)
			} else {
				number, version = n, u.Version
			}
		}
		select {
		case <-state.Changed:
		case <-gone:
			return
		}
	}
}

// asks is a plain poller, who sometimes does not wait.
func (r *rig) asks(s *siege, path string) {
	began := time.Now()
	f := r.acquire(path)
	defer f.Release()
	writes, most := 0, 2*r.policy.Timeout
	s.visit(path, func(h *house) {
		h.askers++
		writes = h.writes
	})
	if f.isSpare(f.view.Load(), began) {
		most = r.policy.Timeout + r.policy.Interval
	}
	ctx, cancel := context.WithCancel(context.Background())
	if s.chance.of(10) == 0 {
		ctx, cancel = context.WithTimeout(ctx, s.chance.upTo(time.Second))
	}
	defer cancel()
	a, ok := f.Hit(time.Now())
	if !ok {
		a = f.Ask(ctx, KeepNone)
	}
	s.visit(path, func(h *house) {
		h.askers, h.left = h.askers-1, time.Now()
		h.owed = h.owed || a.Err != nil || a.Detail != "" // who has an old one, or none, may have a turn to come
		if h.writes != writes {
			most = 4 * r.policy.Timeout // it had to see their effect
		}
	})
	if waited := time.Since(began); waited > most {
		r.t.Errorf("who asked for %s waited for %v: %+v", path, waited, a)
	}
}
