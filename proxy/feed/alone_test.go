package feed

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestAnAnswerForOneIsKeptByWhoCausedItAndTheOthersAreAlone(t *testing.T) {
	big := strings.Repeat("x", 2<<20)
	for name, step := range map[string]struct {
		status int
		body   string
		length int
		fields []string
		reason share.Reason
	}{
		"cookie":            {200, "mine", 4, []string{"Set-Cookie", "sid=1"}, "set-cookie"},
		"private":           {200, "mine", 4, []string{"Cache-Control", "private"}, "private"},
		"forbidden":         {403, "no", 2, nil, "status-403"},
		"redirect":          {302, "", 0, []string{"Location", "/y"}, "status-302"},
		"vary by anything":  {200, "mine", 4, []string{"Vary", "*"}, "vary"},
		"vary, and more":    {200, "mine", 4, []string{"Vary", "Accept-Language, *"}, "vary"},
		"too large":         {200, big, len(big), nil, "too-large"},
		"too large in time": {200, big, -1, nil, "too-large"},
		"events":            {200, "data: 1\n\n", -1, []string{"Content-Type", "text/event-stream"}, "stream"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
				w.says(step.status, step.body, step.length, step.fields...)
				w.latency = time.Second
				f := r.acquire("/x")
				defer f.Release()
				var clients sync.WaitGroup
				answers := make([]Answer, 20)
				for i := range answers {
					clients.Go(func() { answers[i] = f.Ask(context.Background(), KeepAny) })
				}
				clients.Wait()
				kept := 0
				for _, a := range answers {
					if a.Alone != step.reason || a.Update != nil || a.Err != nil {
						t.Errorf("got %+v", a)
					}
					if a.Kept != nil {
						kept++
						wantKept(t, a, step.status, step.body)
					}
				}
				want := 1
				if name == "vary, and more" {
					want = 0 // nobody's own request would surely have got it
				}
				if kept != want || w.count() != 1 {
					t.Errorf("%d kept, %d requests", kept, w.count())
				}
				if a, ok := f.Hit(time.Now()); !ok || a.Alone != step.reason || a.Kept != nil {
					t.Errorf("who comes now gets %+v, %v", a, ok)
				}
			})
		})
	}
}

func TestRequestsAreAloneForAMinuteAndThenOneTries(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.says(200, "mine", "Set-Cookie", "a=b")
		r.get("/x")
		for range 59 {
			time.Sleep(time.Second)
			if a := r.get("/x"); a.Alone != "set-cookie" {
				t.Fatalf("got %+v", a)
			}
		}
		r.wantPolls(1)
		time.Sleep(time.Second)
		r.origin.says(200, "v1")
		r.want(r.get("/x"), "v1")
		r.want(r.get("/x"), "v1")
		r.wantPolls(2)
	})
}

func TestThatAFeedIsNotShareableIsRememberedWhileItLingers(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Linger = 0
		r.origin.says(200, "mine", "Set-Cookie", "a=b")
		for range 59 {
			r.get("/x")
			time.Sleep(time.Second)
		}
		r.wantPolls(1)
	})
}

func TestSubscribersOfAFeedThatTurnsPrivateAreToldThatItIsStale(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		w := r.watch("/x")
		defer leave(w.feed)
		r.origin.says(200, "mine", "Cache-Control", "private")
		if n := w.after(time.Minute); n != 1 || w.state.Stale == "" || w.state.Update.Version != 1 || w.state.Ended != nil {
			t.Errorf("woken %d times: %+v", n, w.state)
		}
		r.origin.says(200, "v2")
		if n := w.after(time.Minute); n != 1 || w.state.Stale != "" || string(w.state.Update.Body) != "v2" {
			t.Errorf("woken %d times: %+v", n, w.state)
		}
		r.want(r.get("/x"), "v2")
	})
}

func TestWhoWasPassedIsNotGivenWhatAnEarlierPollBrings(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		f := r.subscribe("/x")
		defer leave(f)
		r.get("/x")
		r.origin.says(200, "mine", "Set-Cookie", "a=b")
		time.Sleep(time.Second + time.Millisecond)
		r.origin.answers(func(p *poll) *origin.Response {
			pause(p.ctx, 500*time.Millisecond)
			return response(200, "v1")
		})
		time.Sleep(time.Second) // a poll of v1 is under way for the subscriber
		if a := r.get("/x"); a.Alone != "set-cookie" {
			t.Fatalf("got %+v", a)
		}
		passed := time.Now()
		time.Sleep(500 * time.Millisecond)
		if u := f.Latest().Update; string(u.Body) != "v1" || !u.Polled.Before(passed) {
			t.Fatalf("the subscriber has %+v", u)
		}
		if u := r.want(r.get("/x"), "v1"); u.Polled.Before(passed) {
			t.Errorf("a poll of %v answers who was passed at %v", u.Polled.Sub(r.begin), passed.Sub(r.begin))
		}
		polls := r.origin.count()
		r.want(r.get("/x"), "v1")
		r.wantPolls(polls)
	})
}

func TestWhoWaitsForALaterPollOfAPrivateResourceIsAloneWithoutIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.latency = time.Second
		f := r.acquire("/x")
		defer f.Release()
		f.Invalidate()
		r.origin.says(200, "mine", "Set-Cookie", "a=b")
		var clients sync.WaitGroup
		for i := range 3 {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * 400 * time.Millisecond)
				f.Invalidate() // the first is aborted, its successor is not
				if a := f.Ask(context.Background(), KeepNone); a.Alone != "set-cookie" {
					t.Errorf("got %+v", a)
				}
			})
		}
		clients.Wait()
		r.wantPolls(2)
	})
}

func TestAnAnswerThatDoesNotEndIsForEachClientItself(t *testing.T) {
	trickle := func(p *poll) *origin.Response {
		resp := unmeasured("")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("line\n"), &stalled{p.ctx}))
		return resp
	}
	inBubble(t, func(t *testing.T, r *rig) {
		r.origin.answers(trickle)
		if a := r.get("/x"); a.Alone != reasonEndless {
			t.Errorf("got %+v", a)
		}
		if a := r.get("/x"); a.Alone != reasonEndless || time.Since(r.begin) != 10*time.Second {
			t.Errorf("got %+v after %v", a, time.Since(r.begin))
		}
	})
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x") // it ended once: now the origin fails
		r.origin.answers(trickle)
		time.Sleep(time.Second)
		r.want(r.get("/x"), "v1")
	})
}

// stalled is the rest of a body that does not come.
type stalled struct{ ctx context.Context }

func (s *stalled) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, interrupted(s.ctx)
}
