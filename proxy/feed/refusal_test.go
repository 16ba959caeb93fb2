package feed

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

func TestARefusalEndsAnIdentitysFeed(t *testing.T) {
	for _, status := range []int{401, 403, 407} {
		inBubble(t, func(t *testing.T, r *rig) {
			r.origin.says(200, "v1", "Cache-Control", "private")
			f, other := r.acquireAs("/x", "ann"), r.acquireAs("/x", "bob")
			defer other.Release()
			r.want(get(f, KeepNone), "v1")
			r.want(get(other, KeepNone), "v1")
			f.Subscribe(r.share.Vary())
			state := f.Latest()
			r.origin.says(status, "go away")
			time.Sleep(time.Second)
			synctest.Wait()
			if ended := f.Latest().Ended; !errors.Is(ended, upgrade.ErrRevoked) || !isClosed(state.Changed) {
				t.Errorf("%d: %+v", status, f.Latest())
			}
			if _, ok := f.Hit(time.Now()); ok {
				t.Errorf("%d: it is still answered", status)
			}
			before := r.origin.count()
			time.Sleep(time.Hour)
			if n := r.origin.count() - before; n != 0 {
				t.Errorf("%d: %d more polls", status, n)
			}
			leave(f)
			if other.Latest().Ended != nil {
				t.Error("somebody else's feed ended")
			}
		})
	}
}

func TestARefusalOfTheSharedPollEndsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		w := r.watch("/x")
		defer leave(w.feed)
		r.origin.says(401, "who are you?")
		if n := w.after(time.Minute); n != 1 || w.state.Ended != nil {
			t.Errorf("woken %d times: %+v", n, w.state)
		}
	})
}

func TestThatCredentialsWereRefusedIsRemembered(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.policy.Linger = 0
		r.origin.says(401, "who are you?")
		for range 60 { // of which none could take the poll's own answer
			f := r.acquireAs("/x", "ann")
			if a := get(f, KeepNone); a.Alone != "status-401" || a.Update != nil {
				t.Errorf("got %+v", a)
			}
			f.Release()
			time.Sleep(time.Second)
		}
		r.wantPolls(1)
		r.origin.says(200, "v1")
		f := r.acquireAs("/x", "ann")
		r.want(get(f, KeepNone), "v1")
		f.Release()
		time.Sleep(time.Hour)
		if n := r.feeds.Len(); n != 0 {
			t.Errorf("%d feeds are left", n)
		}
	})
}
