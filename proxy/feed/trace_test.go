package feed

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// recorder is a Tracer that notes what it is told.
type recorder struct {
	mu     sync.Mutex
	causes []any
	ends   []PollEnd
	began  int // fan-outs
	over   []int64
	last   []time.Duration // from their beginning
	open   int             // polls and fan-outs that have not ended
}

func (x *recorder) Poll(f *Feed, cause any, _ time.Time) PollTrace {
	x.mu.Lock()
	defer x.mu.Unlock()
	if method, target := f.Polls(); method != "GET" || target != "/x" {
		panic(method + " " + target)
	}
	x.causes = append(x.causes, cause)
	x.open++
	return x
}

func (x *recorder) End(e PollEnd) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ends = append(x.ends, e)
	x.open--
}

func (x *recorder) Fanout(began time.Time, _ int64) FanoutTrace {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.began++
	x.open++
	return recordedFanout{x, began}
}

type recordedFanout struct {
	x     *recorder
	began time.Time
}

func (o recordedFanout) End(last time.Time, delivered int64) {
	o.x.mu.Lock()
	defer o.x.mu.Unlock()
	o.x.over = append(o.x.over, delivered)
	o.x.last = append(o.x.last, last.Sub(o.began))
	o.x.open--
}

// traced is a feed whose polls are recorded.
func (r *rig) traced() (*Feed, *recorder) {
	r.t.Helper()
	x := &recorder{}
	spec := r.spec("/x")
	spec.Tracer = x
	f, err := r.feeds.Acquire([]byte("/x"), func() *Spec { return spec })
	if err != nil {
		r.t.Fatal(err)
	}
	return f, x
}

func TestEachPollIsRecordedOnceWithWhoCausedItAndWhatBecameOfIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = time.Second
		f, x := r.traced()
		ask := func(cause any) {
			f.AskFor(context.Background(), cause, KeepNone, nil)
			time.Sleep(time.Second)
		}
		ask("first")
		r.origin.says(200, "v2")
		ask("second")
		ask(nil)
		r.origin.says(503, "")
		ask("failing")
		f.Release()
		r.close()
		if len(x.causes) != 4 || x.causes[0] != "first" || x.causes[1] != "second" || x.causes[2] != nil || x.open != 0 || x.began != 0 {
			t.Errorf("%+v", x)
		}
		for i, want := range []PollEnd{{Status: 200, Bytes: 2, Changed: true}, {Status: 200, Bytes: 2, Changed: true}, {Status: 200, Bytes: 2}, {Status: 503}} {
			got := x.ends[i]
			if got.Err = nil; got != want {
				t.Errorf("%d: %+v, not %+v", i, got, want)
			}
		}
		if x.ends[3].Err == nil {
			t.Error("it has not failed")
		}
	})
}

func TestAVersionsWayIsRecordedUntilTheLastSubscriberHasIt(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Interval = 10 * time.Second
		f, x := r.traced()
		f.AskFor(context.Background(), nil, KeepNone, nil)
		for range 3 {
			f.Subscribe(f.spec.Vary)
		}
		r.origin.says(200, "v2")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		u := f.Latest().Update
		stale := upgrade.NewUpdate(upgrade.Update{Version: u.Version - 1})
		for range 3 {
			f.Delivered(stale) // of which nobody asks
			time.Sleep(time.Second)
			f.Delivered(u)
		}
		f.Delivered(u) // of who came later
		if x.began != 1 || len(x.over) != 1 || x.over[0] != 3 || x.last[0] != 3*time.Second {
			t.Errorf("%+v", x)
		}
		r.origin.says(200, "v3")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		f.Delivered(f.Latest().Update) // only one of them, until the next poll
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if x.began != 2 || len(x.over) != 2 || x.over[1] != 1 {
			t.Errorf("%+v", x)
		}
		for range 3 {
			f.Unsubscribe()
		}
		f.Release()
		r.close()
		if x.open != 0 {
			t.Errorf("%d never end", x.open)
		}
	})
}
