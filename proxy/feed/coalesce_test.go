package feed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

func TestConcurrentAsksCostOneRequestAndWakeTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = 300 * time.Millisecond
		var clients sync.WaitGroup
		hows := make([]How, 100)
		for i := range hows {
			clients.Go(func() {
				a := r.get("/x")
				if a.Update == nil || a.Took != 300*time.Millisecond || a.Renewal {
					t.Errorf("got %+v", a)
				}
				if a.Caused != (a.How == Fetched) {
					t.Errorf("how %d, caused %v", a.How, a.Caused)
				}
				hows[i] = a.How
			})
		}
		clients.Wait()
		r.wantPolls(1)
		fetched := 0
		for _, how := range hows {
			if how == Fetched {
				fetched++
			} else if how != Collapsed {
				t.Errorf("how %d", how)
			}
		}
		if fetched != 1 {
			t.Errorf("%d clients fetched", fetched)
		}
		if took := time.Since(r.begin); took != 300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAnAskDuringAFlightJoinsIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		var clients sync.WaitGroup
		for _, after := range []time.Duration{0, 1, 500 * time.Millisecond, 999 * time.Millisecond} {
			clients.Go(func() {
				time.Sleep(after)
				r.want(r.get("/x"), "v1")
				if now := time.Since(r.begin); now != time.Second {
					t.Errorf("who came after %v was answered after %v", after, now)
				}
			})
		}
		clients.Wait()
		r.wantPolls(1)
	})
}

func TestDifferentKeysArePolledApart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		r.origin.answers(func(p *poll) *origin.Response { return response(200, p.line) })
		var clients sync.WaitGroup
		for _, path := range []string{"/a", "/b", "/c"} {
			clients.Go(func() { r.want(r.get(path), "GET "+path+" HTTP/1.1") })
		}
		clients.Wait()
		r.wantPolls(3)
		if took := time.Since(r.begin); took != time.Second {
			t.Errorf("they waited for each other: %v", took)
		}
	})
}

func TestTheClientThatCausedAPollCanLeave(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		f := r.acquire("/x")
		defer f.Release()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if a := f.Ask(ctx, KeepAny); !errors.Is(a.Err, context.DeadlineExceeded) {
			t.Fatalf("got %+v", a)
		}
		if took := time.Since(r.begin); took != 100*time.Millisecond {
			t.Fatalf("it left after %v", took)
		}
		r.want(get(f, KeepNone), "v1")
		r.wantPolls(1)
	})
}

func TestTheLastClientsLeavingCancelsNoPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		f := r.acquire("/x")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		f.Ask(ctx, KeepNone)
		f.Release()
		time.Sleep(2 * time.Second)
		r.origin.says(200, "v2")
		r.want(Answer{Update: f.Latest().Update}, "v1")
		r.wantPolls(1)
	})
}

func TestAHitIsAnsweredWithoutAnybody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		first := r.want(r.get("/x"), "v1")
		a, ok := r.feeds.Get([]byte("/x\x00")).Hit(time.Now())
		if !ok || a.Update != first || a.How != Hit || a.Caused || a.Detail != "" {
			t.Errorf("got %+v", a)
		}
		if f := r.feeds.Get([]byte("/y\x00")); f != nil {
			t.Errorf("got %v", f)
		}
		r.wantPolls(1)
	})
}

func TestAskingAfterTheEndSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		r.feeds.Close()
		if a := f.Ask(t.Context(), KeepNone); !errors.Is(a.Err, ErrClosed) {
			t.Errorf("got %+v", a)
		}
		if _, err := r.feeds.Acquire([]byte("/y"), nil); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
		if f.Latest().Ended == nil || f.Latest().Changed != nil {
			t.Errorf("got %+v", f.Latest())
		}
		f.Release()
	})
}

func TestAnAskGivenUpBeforeItWasHeardIsNone(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		defer f.Release()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			if a := f.Ask(ctx, KeepAny); a.Err != nil && !errors.Is(a.Err, context.Canceled) {
				t.Fatalf("got %+v", a)
			}
		}
		if n := r.origin.count(); n > 1 {
			t.Errorf("%d polls", n)
		}
	})
}
