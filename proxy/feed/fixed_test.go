package feed

import (
	"slices"
	"testing"
	"time"
)

// spacing is the shortest and the longest time from the beginning of a poll of a path
// to that of the next, from a time on.
func (r *rig) spacing(from time.Time, paths ...string) (least, most time.Duration) {
	least = time.Hour
	for _, path := range paths {
		begins := slices.DeleteFunc(r.origin.beginsOf(path), from.After)
		for i := 1; i < len(begins); i++ {
			gap := begins[i].Sub(begins[i-1])
			least, most = min(least, gap), max(most, gap)
		}
		if len(begins) < 2 {
			r.t.Errorf("%s has %d polls since %v", path, len(begins), from.Sub(r.begin))
		}
	}
	return least, most
}

func TestAFixedIntervalStaysFixedUnderABudgetThatAffordsIt(t *testing.T) {
	for _, perSecond := range []float64{105, 150, 1000} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.origin.latency = 30 * time.Millisecond
			r.askAll(numbered("/", 100))
			r.hold(numbered("/", 100)...)
			time.Sleep(3 * r.policy.Interval) // those that are put off at first, once
			from := time.Now()
			time.Sleep(time.Minute)
			if least, most := r.spacing(from, numbered("/", 100)...); least != r.policy.Interval || most != r.policy.Interval {
				t.Errorf("%v a second: polls began %v to %v apart", perSecond, least, most)
			}
			r.wantBudget(perSecond)
		})
	}
}

// Those that adapt have what it leaves, and all of it.
func TestAFixedIntervalStaysFixedAmongOthersThatAdapt(t *testing.T) {
	inBubbleOf(t, Limits{}, 100, func(t *testing.T, r *rig) {
		fixed, adapting := r.policy, r.policy
		adapting.Interval, adapting.MaxInterval = 10*time.Millisecond, time.Minute
		r.hold(numbered("/fixed", 50)...)
		r.holdAs(&adapting, numbered("/adapting", 50)...)
		time.Sleep(3 * fixed.Interval)
		from := time.Now()
		time.Sleep(time.Minute)
		const turn = time.Second / 100 // a few of which each may have to wait for
		if least, most := r.spacing(from, numbered("/fixed", 50)...); least < fixed.Interval || most > fixed.Interval+5*turn {
			t.Errorf("polls began %v to %v apart", least, most)
		}
		if n := r.since(from); n < 60*100*99/100 {
			t.Errorf("%d requests in a minute", n)
		}
		r.wantBudget(100)
	})
}

func TestFixedIntervalsAreStretchedTheHotOnesLeastUntilTheLoadLeaves(t *testing.T) {
	inBubbleOf(t, Limits{}, 20, func(t *testing.T, r *rig) {
		const crowd, hot = 100, 5
		var feeds []*Feed
		for i, path := range numbered("/", crowd) {
			subscribers := 1
			if i < hot {
				subscribers = 100
			}
			for range subscribers {
				feeds = append(feeds, r.subscribe(path))
			}
		}
		time.Sleep(30 * time.Second)
		from := time.Now()
		time.Sleep(time.Minute)
		if n := r.since(from); n < 60*20*99/100 {
			t.Errorf("%d requests in a minute", n)
		}
		least, most := r.spacing(from, numbered("/", hot)...)
		slow, slowest := r.spacing(from, numbered("/", crowd)[hot:]...)
		if least < time.Second || most >= slow || slowest > 3*crowd*time.Second/20 {
			t.Errorf("hot ones were polled each %v to %v, others each %v to %v", least, most, slow, slowest)
		}
		for _, f := range feeds[hot*100:][10:] {
			leave(f)
		}
		time.Sleep(30 * time.Second)
		from = time.Now()
		time.Sleep(time.Minute)
		if least, most := r.spacing(from, numbered("/", hot+10)...); least != time.Second || most != time.Second {
			t.Errorf("once there were few, polls began %v to %v apart", least, most)
		}
		for _, f := range feeds[:hot*100+10] {
			leave(f)
		}
		r.wantBudget(20)
	})
}

// The weight of a route counts like subscribers.
func TestARoutesWeightCountsWhereABudgetIsTooSmall(t *testing.T) {
	inBubbleOf(t, Limits{}, 10, func(t *testing.T, r *rig) {
		heavy := r.policy
		heavy.Weight = 20
		r.holdAs(&heavy, numbered("/heavy", 5)...)
		r.hold(numbered("/", 30)...)
		time.Sleep(time.Minute)
		from := time.Now()
		time.Sleep(time.Minute)
		_, most := r.spacing(from, numbered("/heavy", 5)...)
		if least, _ := r.spacing(from, numbered("/", 30)...); most >= least {
			t.Errorf("heavy ones were polled each %v, others each %v", most, least)
		}
	})
}
