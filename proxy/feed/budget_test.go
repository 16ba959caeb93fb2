package feed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// hold subscribes to feeds until the end of the test.
func (r *rig) hold(paths ...string) (feeds []*Feed) {
	r.t.Helper()
	return r.holdAs(&r.policy, paths...)
}

// holdAs is for feeds of a route of their own.
func (r *rig) holdAs(policy *Policy, paths ...string) (feeds []*Feed) {
	r.t.Helper()
	for _, path := range paths {
		spec := r.spec(path)
		spec.Key, spec.Terms.Policy = path+"\x00", policy
		f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
		if err != nil || !f.Subscribe(spec.Vary) {
			r.t.Fatalf("not subscribed: %v", err)
		}
		feeds = append(feeds, f)
		r.t.Cleanup(func() { leave(f) })
	}
	return feeds
}

// numbered are so many paths.
func numbered(prefix string, n int) (paths []string) {
	for i := range n {
		paths = append(paths, fmt.Sprint(prefix, i))
	}
	return paths
}

// beginsOf is when the polls of a path began.
func (s *script) beginsOf(path string) (all []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.polls {
		if strings.HasPrefix(p.line, "GET "+path+" ") {
			all = append(all, p.began)
		}
	}
	return all
}

// between is how many polls began in a span.
func (r *rig) between(from, to time.Time) (n int) {
	for _, began := range r.origin.begins(from) {
		if began >= 0 && began < to.Sub(from) {
			n++
		}
	}
	return n
}

// wantBudget fails if more began in any second than the budget allows: in any time
// that it allows n in, that is, for a budget of less than one a second.
func (r *rig) wantBudget(perSecond float64) {
	r.t.Helper()
	n := int(math.Ceil(perSecond))
	window := time.Duration(float64(n) / perSecond * float64(time.Second))
	begins := r.origin.begins(r.begin)
	for i := n; i < len(begins); i++ {
		if within := begins[i] - begins[i-n]; within < window {
			r.t.Fatalf("%d requests in %v from %v on, the budget is %v a second", n+1, within, begins[i-n], perSecond)
		}
	}
}

// Each of these wants far more than the budget, in its own way.
func TestNothingIsEverBeyondTheBudget(t *testing.T) {
	for name, demand := range map[string]func(r *rig){
		"feeds that begin at once": func(r *rig) { r.hold(numbered("/", 200)...) },
		"polls of cold feeds":      func(r *rig) { r.askAll(numbered("/", 1000)) },
		"retries": func(r *rig) {
			r.origin.fails()
			r.hold(numbered("/", 50)...)
			r.askOften(numbered("/", 50), 50*time.Millisecond)
		},
		"refreshes": func(r *rig) {
			r.policy.Interval = time.Minute
			r.hold(numbered("/", 50)...)
			r.often(300*time.Millisecond, func() { r.feeds.Refresh(func(_, _ string) bool { return true }) })
		},
		"writes": func(r *rig) {
			r.policy.Interval = time.Minute
			r.hold(numbered("/", 50)...)
			r.often(70*time.Millisecond, func() { r.feeds.Written(&Write{Routes: []string{"route"}}) })
		},
		"writes that abort polls": func(r *rig) {
			r.origin.latency = 100 * time.Millisecond
			r.hold(numbered("/", 20)...)
			r.often(30*time.Millisecond, func() { r.feeds.Written(&Write{Routes: []string{"route"}}) })
		},
		"plain pollers": func(r *rig) { r.askOften(numbered("/", 50), 20*time.Millisecond) },
	} {
		for _, perSecond := range []float64{0.5, 2.5, 20} {
			t.Run(fmt.Sprintf("%s, %v a second", name, perSecond), func(t *testing.T) {
				inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
					r.origin.latency = 20 * time.Millisecond
					demand(r)
					time.Sleep(30 * time.Second)
					r.wantBudget(perSecond)
					if n := r.origin.count(); float64(n) < 0.9*30*perSecond {
						t.Errorf("%d requests in 30s", n)
					}
				})
			})
		}
	}
}

// often does something again and again, until the end of the test.
func (r *rig) often(pause time.Duration, do func()) {
	var done sync.WaitGroup
	stop := make(chan struct{})
	done.Go(func() {
		for {
			select {
			case <-time.After(pause):
				do()
			case <-stop:
				return
			}
		}
	})
	r.t.Cleanup(func() {
		close(stop)
		done.Wait()
	})
}

// askOften is plain pollers of feeds, until the end of the test.
func (r *rig) askOften(paths []string, pause time.Duration) {
	for _, path := range paths {
		r.often(pause, func() { r.get(path) })
	}
}

// askAll is a client for each, all at once. The end of the test waits for them.
func (r *rig) askAll(paths []string) {
	var clients sync.WaitGroup
	for _, path := range paths {
		clients.Go(func() { r.get(path) })
	}
	r.t.Cleanup(clients.Wait)
}

func TestABudgetIsUsedUpWhereItIsWanted(t *testing.T) {
	for name, latency := range map[string]time.Duration{"at once": 0, "slowly": 200 * time.Millisecond} {
		t.Run("an origin that answers "+name, func(t *testing.T) {
			inBubbleOf(t, Limits{}, 50, func(t *testing.T, r *rig) {
				r.origin.latency = latency
				r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
				r.hold(numbered("/", 200)...)
				time.Sleep(time.Minute)
				r.wantBudget(50)
				if n := r.origin.count(); n < 50*60*99/100 {
					t.Errorf("%d requests in a minute", n)
				}
				from := time.Now()
				time.Sleep(time.Minute)
				if n := r.since(from); n < 50*60*99/100 {
					t.Errorf("%d requests in the next minute", n)
				}
			})
		})
	}
}

func TestABudgetIsUsedUpThoughHalfOfTheFeedsFail(t *testing.T) {
	inBubbleOf(t, Limits{}, 50, func(t *testing.T, r *rig) {
		r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
		r.origin.answers(func(p *poll) *origin.Response {
			if strings.HasPrefix(p.line, "GET /bad") {
				return response(500, "")
			}
			return response(200, "v1", "Content-Type", "text/plain")
		})
		r.hold(slices.Concat(numbered("/good", 100), numbered("/bad", 100))...)
		time.Sleep(time.Minute)
		from := time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := r.since(from); n < 50*60*99/100 {
			t.Errorf("%d requests in a minute", n)
		}
		r.wantBudget(50)
	})
}

// However hot the others are, and whoever asks, nobody who is held is left out for
// longer than three times as long as if all got the same.
func TestNobodyIsLeftOutForLong(t *testing.T) {
	const hot, cold, asked, perSecond = 10, 90, 50, 10
	for _, asks := range []int{0, asked} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Hour
			w := newWorld()
			w.atRandom(rand.New(rand.NewPCG(1, 2)), 2*time.Second, time.Hour, numbered("/hot", hot)...)
			r.origin.answers(w.say)
			for range 50 {
				r.hold(numbered("/hot", hot)...)
			}
			r.hold(numbered("/cold", cold)...)
			r.askOften(numbered("/asked", asks), time.Second)
			time.Sleep(4 * time.Minute)
			from := time.Now()
			time.Sleep(4 * time.Minute)
			_, most := r.spacing(from, numbered("/cold", cold)...)
			if even := time.Duration(hot+cold+asks) * time.Second / perSecond; most > 3*even || most < 3*even/2 {
				t.Errorf("with %d that are asked for, one was left out for %v", asks, most)
			}
			r.wantBudget(perSecond)
		})
	}
}
