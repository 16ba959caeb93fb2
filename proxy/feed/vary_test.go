package feed

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

func TestWhatAnAnswerDependsOnIsLearned(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		before := r.share.Vary()
		r.origin.says(200, "v1", "Vary", "X-Tenant, Accept-Language")
		f := r.acquire("/x")
		defer f.Release()
		// The answer is for those who have none of these fields, which their
		// new key will say.
		r.want(get(f, KeepNone), "v1")
		if names := r.share.Vary().Names(); r.share.Vary() == before || len(names) != 1 || names[0] != "accept-language" {
			t.Errorf("learned %v", names)
		}
		if f.Latest().Ended != nil || f.Subscribe(before) || f.Subscribers() != 0 {
			t.Error("a key from before is still good for a subscription")
		}
	})
}

func TestSubscribersMoveWhenTheirAnswerTurnsOutToDependOnMore(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		r.get("/y")
		w, elsewhere := r.watch("/x"), r.watch("/y")
		r.origin.says(200, "v2", "Vary", "Accept-Language")
		time.Sleep(time.Second)
		w.look()
		if w.wakes != 1 || !errors.Is(w.state.Ended, upgrade.ErrMoved) || string(w.state.Update.Body) != "v1" {
			t.Errorf("woken %d times: %+v", w.wakes, w.state)
		}
		// The other feeds of the route learn it from their own next answer.
		elsewhere.look()
		if !errors.Is(elsewhere.state.Ended, upgrade.ErrMoved) || r.feeds.Len() != 0 {
			t.Errorf("elsewhere: %+v", elsewhere.state)
		}
		polls := r.origin.count()
		time.Sleep(time.Hour)
		r.wantPolls(polls)
		leave(w.feed)
		leave(elsewhere.feed)
	})
}

func TestAKeyThatIsNoLongerGoodIsNotPolledAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		r.origin.says(200, "v1", "Vary", "Accept-Language")
		f := r.acquire("/x")
		defer f.Release()
		f.Subscribe(r.share.Vary())
		defer f.Unsubscribe()
		time.Sleep(100 * time.Millisecond)
		f.Invalidate() // the first poll is aborted, the second is not
		time.Sleep(100 * time.Millisecond)
		f.Invalidate()
		if a := f.Ask(context.Background(), KeepAny); !errors.Is(a.Err, ErrClosed) {
			t.Errorf("got %+v", a)
		}
		if a := f.Ask(context.Background(), KeepAny); !errors.Is(a.Err, ErrClosed) {
			t.Errorf("got %+v", a)
		}
		time.Sleep(time.Minute)
		r.wantPolls(2)
	})
}

func TestSubscribingAndLearningAtOnceLosesNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "Vary", "Accept-Language")
		r.policy.Linger = 0
		moved, refused := 0, 0
		for range 2000 {
			r.share = share.NewPolicy("route", config.DefaultRoute(), "", share.Secret{})
			vary := r.share.Vary()
			f := r.acquire("/x")
			subscribed := make([]bool, 4)
			var clients sync.WaitGroup
			clients.Go(func() { f.Ask(context.Background(), KeepNone) })
			for i := range subscribed {
				clients.Go(func() { subscribed[i] = f.Subscribe(vary) })
			}
			clients.Wait()
			synctest.Wait()
			for _, ok := range subscribed {
				if !ok {
					refused++
					continue
				}
				if moved++; !errors.Is(f.Latest().Ended, upgrade.ErrMoved) {
					t.Fatalf("a subscriber was forgotten: %+v", f.Latest())
				}
				f.Unsubscribe()
			}
			f.Release()
			time.Sleep(2 * time.Second) // until it has ended
		}
		t.Logf("%d moved, %d refused", moved, refused)
	})
}

func TestARenewalCanNameWhatTheAnswerDependsOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "ETag", `"a"`)
		r.get("/x")
		w := r.watch("/x")
		r.origin.says(304, "", "Vary", "Accept-Language")
		time.Sleep(time.Second)
		w.look()
		if names := r.share.Vary().Names(); len(names) != 1 || !errors.Is(w.state.Ended, upgrade.ErrMoved) {
			t.Errorf("learned %v; %+v", names, w.state)
		}
		leave(w.feed)
	})
}

func TestARenewedAnswerSaysWhatItDependsOn(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "ETag", `"a"`)
		f := r.acquire("/x")
		defer f.Release()
		get(f, KeepNone)
		time.Sleep(time.Second)
		r.origin.says(304, "", "Vary", "Accept-Language")
		if u := r.want(get(f, KeepNone), "v1"); u.Vary != "Accept, Accept-Language" {
			t.Errorf("it says Vary: %s", u.Vary)
		}
	})
}
