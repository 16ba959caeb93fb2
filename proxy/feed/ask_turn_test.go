package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// timed is a poller that says how long it waited.
func (r *rig) timed(path string) (a Answer, waited time.Duration) {
	r.t.Helper()
	began := time.Now()
	a = r.get(path)
	return a, time.Since(began)
}

func TestAColdFeedsFirstClientComesBeforeAllThatNobodyWaitsFor(t *testing.T) {
	const perSecond = 20
	busy(t, perSecond, 200, func(t *testing.T, r *rig) {
		for i := range 50 {
			time.Sleep(time.Duration(900+7*i) * time.Millisecond)
			a, waited := r.timed(fmt.Sprint("/cold", i))
			if r.want(a, "v1"); waited > 2*time.Second/perSecond+r.origin.latency || a.How != Fetched {
				t.Errorf("the client of cold feed %d waited for %v: %v", i, waited, a.How)
			}
		}
	})
}

func TestAColdFeedsFirstClientDoesNotWaitWhereThereIsRoom(t *testing.T) {
	inBubbleOf(t, Limits{}, 20, func(t *testing.T, r *rig) {
		r.hold(numbered("/", 10)...)
		time.Sleep(10 * time.Second)
		for i := range 50 {
			time.Sleep(time.Duration(500+7*i) * time.Millisecond)
			if _, waited := r.timed(fmt.Sprint("/cold", i)); waited != 0 {
				t.Errorf("the client of cold feed %d waited for %v", i, waited)
			}
		}
		r.wantBudget(20)
	})
}

// Those who wait have no more than every other turn, if others are late.
func TestThoseWhoWaitDoNotStarveThoseWhoAreHeld(t *testing.T) {
	inBubbleOf(t, Limits{}, 20, func(t *testing.T, r *rig) {
		held := numbered("/", 10)
		r.hold(held...)
		time.Sleep(10 * time.Second)
		from := time.Now()
		r.askAll(numbered("/cold", 1000))
		time.Sleep(20 * time.Second)
		if _, most := r.spacing(from, held...); most > 3*2*10*time.Second/20 {
			t.Errorf("for %v, one of those who are held was not polled", most)
		}
		r.wantBudget(20)
	})
}

func TestAskersOfOneFeedShareItsTurn(t *testing.T) {
	inBubbleOf(t, Limits{}, 0.5, func(t *testing.T, r *rig) {
		r.get("/first") // which uses up two seconds
		var clients sync.WaitGroup
		answers := make([]Answer, 10)
		for i := range answers {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				answers[i] = r.get("/x")
			})
		}
		clients.Wait()
		r.wantPolls(2)
		for i, a := range answers {
			r.want(a, "v1")
			if a.Caused != (i == 0) {
				t.Errorf("%d: %+v", i, a)
			}
		}
	})
}

func TestWhoHasASnapshotWaitsNoLongerThanItIsWorth(t *testing.T) {
	for _, interval := range []time.Duration{2 * time.Second, time.Minute} {
		inBubbleOf(t, Limits{}, 1, func(t *testing.T, r *rig) {
			r.policy.Interval, r.policy.StaleIfError, r.policy.Linger = interval, time.Hour, time.Hour
			r.want(r.get("/x"), "v1")
			time.Sleep(interval)
			r.askAll(numbered("/cold", 15)) // each of them takes a second
			synctest.Wait()
			r.origin.says(200, "v2", "Content-Type", "text/plain")
			a, waited := r.timed("/x")
			if r.want(a, "v1"); a.How != Hit || a.Detail != "budget" || waited != min(interval, r.policy.Timeout) {
				t.Errorf("after %v: %v, %q", waited, a.How, a.Detail)
			}
			// The turn is taken all the same, for whoever asks next.
			time.Sleep(20*time.Second - waited)
			if n := len(r.origin.beginsOf("/x")); n != 2 {
				t.Fatalf("there were %d polls", n)
			}
			synctest.Wait()
			if f := r.feeds.Get([]byte("/x\x00")); string(f.Latest().Update.Body) != "v2" {
				t.Errorf("%q is known", f.Latest().Update.Body)
			}
		})
	}
}

func TestWhoHasNoneWaitsAsLongAsAPollMayTake(t *testing.T) {
	inBubbleOf(t, Limits{}, 1, func(t *testing.T, r *rig) {
		r.policy.Timeout = 5 * time.Second
		r.askAll(numbered("/cold", 15))
		synctest.Wait()
		var clients sync.WaitGroup
		for i := range 3 {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				a, waited := r.timed("/x")
				if !errors.Is(a.Err, ErrBudget) || a.RetryAfter != time.Second || waited != time.Duration(5-i)*time.Second {
					t.Errorf("%d waited for %v: %+v", i, waited, a)
				}
			})
		}
		clients.Wait()
		time.Sleep(15 * time.Second)
		if n := len(r.origin.beginsOf("/x")); n != 1 {
			t.Errorf("there were %d polls", n)
		}
	})
}

// A client that leaves keeps its turn for those who come after it.
func TestTheTurnOfAClientThatLeftIsNotLost(t *testing.T) {
	inBubbleOf(t, Limits{}, 1, func(t *testing.T, r *rig) {
		r.get("/first")
		ctx, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer leave()
		f := r.acquire("/x")
		if a := f.Ask(ctx, KeepNone); !errors.Is(a.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v", a)
		}
		f.Release()
		a, waited := r.timed("/x")
		if r.want(a, "v1"); waited > time.Second {
			t.Errorf("the next waited for %v", waited)
		}
		r.wantPolls(2)
	})
}

func TestNobodyGetsATurnFromWhatIsClosed(t *testing.T) {
	inBubbleOf(t, Limits{}, 50, func(t *testing.T, r *rig) {
		r.hold("/held")
		time.Sleep(500 * time.Millisecond)
		r.turns.Close()
		if a := r.get("/x"); !errors.Is(a.Err, ErrBudget) {
			t.Errorf("got %+v", a)
		}
		r.wantPolls(1)
	})
}

func TestClosingAnswersThoseWhoWaitForATurn(t *testing.T) {
	for _, first := range []string{"the feeds", "the turns"} {
		inBubbleOf(t, Limits{}, 0.1, func(t *testing.T, r *rig) {
			r.get("/first")
			var clients sync.WaitGroup
			for _, path := range slices.Concat(numbered("/", 5), numbered("/", 5)) {
				clients.Go(func() {
					if a := r.get(path); !errors.Is(a.Err, ErrClosed) {
						t.Errorf("got %+v", a)
					}
				})
			}
			ctx, leave := context.WithCancel(t.Context())
			clients.Go(func() {
				if _, err := r.turns.Turn(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
			r.hold(numbered("/held", 5)...)
			time.Sleep(time.Second)
			if first == "the turns" {
				r.turns.Close()
			}
			r.feeds.Close()
			leave()
			clients.Wait()
		})
	}
}
