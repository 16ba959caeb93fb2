package feed

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWhoWouldNotTakeAnAnswerDoesNotGetIt(t *testing.T) {
	for name, step := range map[string]struct {
		keep   Keep
		status int
		fields []string
		kept   bool
	}{
		"nobody":                  {KeepNone, 200, []string{"Set-Cookie", "a=b"}, false},
		"an EventSource, events":  {KeepEvents, 200, []string{"Content-Type", "text/event-stream; charset=utf-8"}, true},
		"an EventSource, JSON":    {KeepEvents, 200, []string{"Content-Type", "application/json", "Set-Cookie", "a=b"}, false},
		"an EventSource, refused": {KeepEvents, 403, []string{"Content-Type", "text/event-stream"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
				w.says(step.status, "mine", 4, step.fields...)
				f := r.acquire("/x")
				defer f.Release()
				a := f.Ask(context.Background(), step.keep)
				if a.Alone == "" || (a.Kept != nil) != step.kept || a.Caused != step.kept {
					t.Errorf("got %+v", a)
				}
				a.Discard()
			})
		})
	}
}

func TestARefreshedCookieIsForNobody(t *testing.T) {
	inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
		w.says(200, "v1", 2, "ETag", `"a"`)
		r.want(r.get("/x"), "v1")
		time.Sleep(time.Second)
		w.says(304, "", 0, "Set-Cookie", "a=b")
		f := r.acquire("/x")
		defer f.Release()
		// It answers the feed's condition, not the client's.
		if a := f.Ask(context.Background(), KeepAny); a.Alone != "set-cookie" || a.Kept != nil {
			t.Errorf("got %+v", a)
		}
	})
}

func TestAKeptResponseOutlivesTheFeed(t *testing.T) {
	inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
		w.says(200, "data: 1\n\n", -1, "Content-Type", "text/event-stream")
		f := r.acquire("/x")
		a := f.Ask(context.Background(), KeepEvents)
		f.Release()
		time.Sleep(time.Hour) // far beyond the poll's timeout
		r.feeds.Close()
		wantKept(t, a, 200, "data: 1\n\n")
	})
}

func TestAResponseKeptForSomebodyWhoLeftIsClosed(t *testing.T) {
	inBubbleOnWire(t, func(t *testing.T, r *rig, w *wire) {
		w.says(200, "mine", 4, "Set-Cookie", "a=b")
		w.latency = time.Second
		f := r.acquire("/x")
		defer f.Release()
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if a := f.Ask(ctx, KeepAny); !errors.Is(a.Err, context.DeadlineExceeded) {
			t.Errorf("got %+v", a)
		}
		time.Sleep(2 * time.Second) // inBubbleOnWire waits for the connection
	})
}
