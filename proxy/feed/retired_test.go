package feed

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A feed that somebody refers to, but nobody holds, has no use for turns, and must not
// be given those of others: it would decline each of them, and get the next.
func TestAFeedThatIsOnlyReferredToTakesNobodysTurn(t *testing.T) {
	inBubbleOf(t, Limits{}, 50, func(t *testing.T, r *rig) {
		r.feeds.random = rand.Float64
		r.policy.Linger = 0
		r.policy.Interval, r.policy.MaxInterval = 100*time.Millisecond, time.Minute
		r.hold(numbered("/held", 100)...)
		spec := r.spec("/referred")
		f, err := r.feeds.Acquire([]byte(spec.Key), func() *Spec { return spec })
		if err != nil {
			t.Fatal(err)
		}
		defer f.Release()
		f.Subscribe(spec.Vary)
		time.Sleep(30 * time.Second)
		f.Unsubscribe()
		time.Sleep(30 * time.Second)
		if rate := r.rateOver(time.Now().Add(-20*time.Second), 20*time.Second); rate < 49 {
			t.Errorf("the others get %v of 50 a second", rate)
		}
	})
}
