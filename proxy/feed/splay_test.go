package feed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func TestFeedsThatBeginTogetherAreNotPolledInStep(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const feeds, bins = 2000, 20
		interval := r.policy.Interval
		r.feeds.random = rand.Float64
		var held []*Feed
		for i := range feeds {
			held = append(held, r.subscribe(fmt.Sprint("/", i)))
		}
		time.Sleep(time.Millisecond)
		r.wantPolls(feeds) // each client waits for its first answer
		time.Sleep(2*interval - time.Millisecond - time.Nanosecond)
		synctest.Wait()
		second := r.origin.begins(r.begin)[feeds:]
		if len(second) < feeds || len(second) > feeds+crowdedFeeds {
			t.Fatalf("%d polls in the second round, want each feed's", len(second))
		}
		time.Sleep(interval)
		synctest.Wait()
		var arrivals [bins]float64 // in the third, which is as the rest will be
		for _, at := range r.origin.begins(r.begin)[feeds:] {
			if at >= 2*interval {
				arrivals[int(int64(at-2*interval)*bins/int64(interval))%bins]++
			}
		}
		mean, square := 0.0, 0.0
		for _, n := range arrivals {
			mean += n / bins
		}
		for _, n := range arrivals {
			square += (n - mean) * (n - mean) / bins
		}
		if cv := math.Sqrt(square) / mean; cv > 0.3 {
			t.Errorf("the origin's load varies by %.2f: %v", cv, arrivals)
		}
		for _, f := range held {
			leave(f)
		}
	})
}

func TestAFewFeedsThatBeginTogetherKeepTheirPace(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		var held []*Feed
		for i := range crowdedFeeds {
			held = append(held, r.subscribe(fmt.Sprint("/", i)))
		}
		time.Sleep(3*r.policy.Interval + r.policy.Interval/2)
		synctest.Wait()
		r.wantPolls(4 * crowdedFeeds)
		time.Sleep(r.policy.Interval)
		held = append(held, r.subscribe("/later"))
		before := r.origin.count()
		time.Sleep(r.policy.Interval)
		synctest.Wait()
		if n := r.origin.count() - before; n < crowdedFeeds+1 {
			t.Errorf("%d polls in an interval", n)
		}
		for _, f := range held {
			leave(f)
		}
	})
}
