package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestPullingALeashEndsAnExchangeWhereverItStands, as the end of a context does,
// and leaves nothing behind.
func TestPullingALeashEndsAnExchangeWhereverItStands(t *testing.T) {
	for name, s := range stages {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
				r.warm(1)
				var leash Leash
				r.Break(s.fault(leash.Pull), "/")
				_, _, err := r.bounded(&leash, s.request(leash.Pull))
				if !errors.Is(err, context.Canceled) || errors.Is(err, ErrRequestBody) {
					t.Errorf("got %v", err)
				}
				r.client.Close() // a small upload that never came has not used the connection
				if err := r.AwaitOpen(soon(t), 0); err != nil {
					t.Error(err)
				}
				r.expectIncompleteUploads()
			})
		})
	}
}

func TestAPulledLeashSendsNothing(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(1)
	var leash Leash
	leash.Pull()
	if _, _, err := do(&leash, r.client, get("/")); !errors.Is(err, context.Canceled) || !Unsent(err) {
		t.Errorf("got %v", err)
	}
	if got := r.Total(); got != 0 {
		t.Errorf("%d requests", got)
	}
}

// TestALeashIsSpreadOnlyWhereAConnectionIsMade: who dials may be late to look at it,
// when the request is over and the leash would be another's.
func TestALeashIsSpreadOnlyWhereAConnectionIsMade(t *testing.T) {
	r := newRig(t, plain("good"))
	for i, want := range []bool{true, false} {
		var leash Leash
		if _, _, err := do(&leash, r.client, get("/")); err != nil {
			t.Fatal(err)
		}
		if got := leash.Spread(); got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
}

// TestPullingALeashWhenAllIsOverHarmsNobody: the connection is another's then.
func TestPullingALeashWhenAllIsOverHarmsNobody(t *testing.T) {
	r := newRig(t, plain("good"))
	for range 20 {
		var leash Leash
		resp, err := r.client.Do(&leash, get("/"))
		if err != nil {
			t.Fatal(err)
		}
		body, whole := resp.ReadWhole(nil, 100)
		if !whole {
			body, _ = io.ReadAll(resp.Body) // it came in two pieces
		}
		if string(body) != "good" {
			t.Fatalf("%q", body)
		}
		resp.Recycle()
		leash.Pull()
	}
	if got := r.connections(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestALeashIsAContext(t *testing.T) {
	var early, late Leash
	early.Pull()
	for name, leash := range map[string]*Leash{"pulled before anybody waits": &early, "pulled afterwards": &late} {
		t.Run(name, func(t *testing.T) {
			child, cancel := context.WithTimeout(leash, time.Hour)
			defer cancel()
			if leash == &late {
				if leash.Err() != nil || child.Err() != nil {
					t.Error("it has ended")
				}
				leash.Pull()
			}
			receive(t, "the leash", leash.Done())
			receive(t, "what is made of it", child.Done())
			if leash.Err() != context.Canceled || context.Cause(child) != context.Canceled {
				t.Errorf("%v, %v", leash.Err(), context.Cause(child))
			}
		})
	}
}

// TestRecyclingAtAnyMomentMixesNoAnswers is the trial of giving up at any moment,
// for exchanges that are used again.
func TestRecyclingAtAnyMomentMixesNoAnswers(t *testing.T) {
	r := newRig(t, legacy.Answer{})
	r.AnswerFunc(echo)
	var recycled atomic.Int64
	var wait sync.WaitGroup
	for c := range 16 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(c)))
			for i := range 300 {
				target := fmt.Sprintf("/%s/%d-%d", [...]string{"sized", "sized", "chunked"}[random.IntN(3)], c*300+i, random.IntN(5000))
				limit := [...]time.Duration{time.Millisecond, 10 * time.Millisecond, await.Patience}[random.IntN(3)]
				var leash Leash
				pull := time.AfterFunc(time.Duration(random.Int64N(int64(limit))), leash.Pull)
				if !relayed(t, r, &leash, target, &recycled) {
					return
				}
				pull.Stop()
			}
		})
	}
	wait.Wait()
	if recycled.Load() == 0 {
		t.Error("nothing was used again")
	}
}

// relayed sends a request as the proxy does, and reports whether nothing is wrong
// with what came, if anything did.
func relayed(t *testing.T, r *rig, leash *Leash, target string, recycled *atomic.Int64) bool {
	resp, err := r.client.Do(leash, safe(target))
	if err != nil {
		return true
	}
	body, whole := resp.ReadWhole(nil, 8<<10)
	if whole {
		resp.Recycle()
		recycled.Add(1)
	} else {
		body, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil && string(body) != echoed(target) {
		t.Errorf("%s: got %.80q", target, body)
		return false
	}
	return true
}
