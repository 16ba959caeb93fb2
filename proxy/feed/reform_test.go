package feed

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// under has all feeds of a rig live on under these terms.
func (r *rig) under(era uint64, change func(*Terms)) {
	terms := *r.spec("/").Terms
	policy := *terms.Policy
	terms.Policy = &policy
	change(&terms)
	r.feeds.Reform(era, Limits{}, func(*Spec) *Terms { return &terms })
}

func TestAFeedIsPolledAtTheIntervalOfNow(t *testing.T) {
	eachBudget(t, func(t *testing.T, perSecond float64) {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.policy.Interval = time.Hour
			r.hold("/x")
			synctest.Wait()
			time.Sleep(10 * time.Second)
			r.wantPolls(1)
			r.under(1, func(terms *Terms) { terms.Policy.Interval = time.Second })
			time.Sleep(5*time.Second + 500*time.Millisecond)
			r.wantPolls(7)
			r.under(2, func(terms *Terms) { terms.Policy.Interval = time.Hour })
			time.Sleep(time.Minute)
			r.wantPolls(7)
		})
	})
}

func TestOfAnotherPlaceTheFirstPollIsUnconditional(t *testing.T) {
	inBubbleOf(t, Limits{}, 0, func(t *testing.T, r *rig) {
		r.origin.says(200, "v1", "Content-Type", "text/plain", "ETag", `"a"`)
		f := r.acquire("/x")
		defer f.Release()
		get(f, KeepNone)
		if _, ok := f.Hit(time.Now()); !ok {
			t.Fatal("it has no answer")
		}
		r.under(1, func(terms *Terms) { terms.Place, terms.Way = 1, 1 })
		synctest.Wait()
		if _, ok := f.Hit(time.Now()); ok {
			t.Error("what was said elsewhere answers")
		}
		if f.runs.etag != "" {
			t.Errorf("it would ask with %s", f.runs.etag)
		}
	})
}

func TestAFeedThatHasNoPlaceIsRetired(t *testing.T) {
	inBubbleOf(t, Limits{}, 0, func(t *testing.T, r *rig) {
		f := r.subscribe("/x")
		synctest.Wait()
		if kept, retired := r.feeds.Reform(1, Limits{}, func(*Spec) *Terms { return nil }); kept != 0 || retired != 1 {
			t.Errorf("%d kept, %d retired", kept, retired)
		}
		if r.feeds.Get([]byte(f.spec.Key)) != nil {
			t.Error("somebody may still get it")
		}
		synctest.Wait()
		if why := f.Latest().Ended; !errors.Is(why, upgrade.ErrReloaded) {
			t.Errorf("it ends with %v", why)
		}
		if _, err := r.feeds.AcquireIn(0, []byte("/y"), func() *Spec { return r.spec("/y") }); !errors.Is(err, ErrOutdated) {
			t.Errorf("who goes by the old rules gets another one: %v", err)
		}
		time.Sleep(time.Minute)
		r.wantPolls(1)
		f.Unsubscribe()
		f.Release()
	})
}

func TestFeedsBeyondALowerLimitEnd(t *testing.T) {
	inBubbleOf(t, Limits{}, 0, func(t *testing.T, r *rig) {
		for _, path := range numbered("/", 10) {
			r.get(path)
		}
		terms := r.spec("/").Terms
		if kept, _ := r.feeds.Reform(1, Limits{Feeds: 3}, func(*Spec) *Terms { return terms }); kept != 3 {
			t.Errorf("%d are left", kept)
		}
	})
}
