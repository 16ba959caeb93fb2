package bench

import (
	"testing"
	"time"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/load"
	"github.com/pollmux/pollmux/cmd/pollbench/replay"
	"github.com/pollmux/pollmux/cmd/pollbench/trace"
)

func TestFreshnessIsMeasuredAtTheSubscribersBesideTheSimulation(t *testing.T) {
	alone(t)
	story, err := trace.Generate("lively", trace.Options{Seed: 1, N: 12, Horizon: 6 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for i := range story.Resources {
		r := &story.Resources[i]
		r.Weight, r.Instants = float64(i%3+1), i%2 == 0
		r.Changes = append(r.Changes[:0], 0.5+float64(i)/10, 3.5+float64(i)/10, 4.6+float64(i)/100)
	}
	r, err := Freshness(t.Context(), FreshnessOptions{Trace: story, Budget: 20, Warm: 3 * time.Second, For: 3 * time.Second, Seed: 1, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Judge() {
		if !p.Good {
			t.Errorf("%+v", p)
		}
	}
	m := r.Measured
	if r.Resources != 12 || r.Subscribers != 24 || !(m.Staleness > r.Polled.Staleness) || !(r.Polled.Staleness > 0) || m.Requests < 5 || m.Requests > 25 {
		t.Errorf("%+v", r)
	}
	mentions(t, written(r.Write), "measured at the subscribers", "simulated", "24 subscribers, 20 requests/s", "verdict:")
}

// told has a member of a watch see a version that was asked for and delivered just now,
// by the clock of the trace.
func told(w *freshnessWatch, member int, version int64, seconds float64) {
	now := time.Now()
	w.began = now.Add(-time.Duration(seconds * float64(time.Second)))
	w.see(&load.Member{Number: member}, child.Published(version, now, child.LeastBody), 0)
}

func TestASubscriberIsStaleFromTheFirstChangeThatItHasNotSeen(t *testing.T) {
	story := &trace.Trace{Horizon: 20, Resources: []trace.Resource{{Weight: 1, Changes: []float64{1, 11, 12, 19}}, {Weight: 2, Changes: []float64{2}}}}
	w := newFreshnessWatch(story)
	if w.arrived() != 0 || len(w.members) != 3 {
		t.Fatal(w.arrived(), len(w.members))
	}
	told(w, 0, 2, 5)  // its first: nobody was waiting
	told(w, 0, 4, 14) // since 11
	for member := 1; member < 3; member++ {
		told(w, member, 1, 0.5)
	}
	told(w, 1, 2, 10) // since 2, all of it too early to count
	if w.arrived() != 3 {
		t.Error(w.arrived())
	}
	seen, polled := w.outcome(10, 70)
	want := (3*3/2. + 1/2. + (18*18-8*8)/2.) / 30
	for _, o := range []replay.Outcome{seen, polled} {
		if o.Staleness < want-0.01 || o.Staleness > want+0.01 || o.Requests != 7 {
			t.Errorf("%+v, not %v", o, want)
		}
	}
	if w.strange.Load() != 0 {
		t.Error(w.strange.Load())
	}
}

func TestWhatASubscriberMayNotSeeIsStrange(t *testing.T) {
	w := newFreshnessWatch(&trace.Trace{Horizon: 20, Resources: []trace.Resource{{Weight: 1, Changes: []float64{1, 2}}}})
	for i, version := range []int64{2, 2, 1, 4} { // again, older, of the future
		if told(w, 0, version, 10); w.strange.Load() != int64(i) {
			t.Errorf("version %d: %d", version, w.strange.Load())
		}
	}
	w.see(&load.Member{}, []byte("{}"), 0)
	if w.strange.Load() != 4 {
		t.Error(w.strange.Load())
	}
}

func TestTheFullestWindowIsFoundWhereverItBegins(t *testing.T) {
	arrivals := []int64{30, 0, 9, 10, 18, 19, 31, 45}
	for window, want := range map[time.Duration]int{1: 1, 2: 2, 10: 3, 11: 4, 100: 8} {
		if got := fullest(arrivals, window); got != want {
			t.Errorf("%d: %d, not %d", window, got, want)
		}
	}
	for n, want := range map[int]time.Duration{1: 0, 2: 1, 3: 9, 8: 45, 9: 0} {
		if got := shortest(arrivals, n); got != want {
			t.Errorf("%d: %d, not %d", n, got, want)
		}
	}
	if got := fullest(nil, 1); got != 0 {
		t.Error(got)
	}
}

// judgeFreshness is the verdict on a good run with one thing changed.
func judgeFreshness(change func(*freshness, *FreshnessResult)) Verdict {
	b := &freshness{options: FreshnessOptions{Bars: true, For: time.Minute}, watch: &freshnessWatch{}}
	r := &FreshnessResult{Budget: 50, Judged: 50, Measured: replay.Outcome{Staleness: 1, Requests: 49.8}, Simulated: replay.Outcome{Staleness: 0.95}}
	change(b, r)
	return b.verdict(r)
}

func TestEachFaultOfFreshnessMakesTheVerdictBadByItself(t *testing.T) {
	if v := judgeFreshness(func(*freshness, *FreshnessResult) {}); !v.Good() || len(v) != 5 {
		t.Fatalf("%+v", v)
	}
	const stale, used = "subscribers are as stale as in the simulation, within 10 %", "the budget is used up to within 1 %"
	for _, fault := range []struct {
		claim  string
		change func(*freshness, *FreshnessResult)
	}{
		{"no version came twice, or went back, or was broken", func(b *freshness, _ *FreshnessResult) { b.watch.strange.Add(1) }},
		{"nor in any second, less 20ms on the way and what the origin was late", func(_ *freshness, r *FreshnessResult) { r.Judged = 51 }},
		{used, func(_ *freshness, r *FreshnessResult) { r.Measured.Requests = 49.4 }},
		{"the origin got no more requests than the budget", func(_ *freshness, r *FreshnessResult) { r.Measured.Requests = 50.1 }},
		{stale, func(_ *freshness, r *FreshnessResult) { r.Measured.Staleness = 1.05 }},
		{stale, func(_ *freshness, r *FreshnessResult) { r.Measured.Staleness = 0.85 }},
		{stale, func(_ *freshness, r *FreshnessResult) { r.Measured.Staleness, r.Simulated.Staleness = 0, 0 }},
	} {
		if bad := badOnes(judgeFreshness(fault.change)); len(bad) != 1 || bad[0] != fault.claim {
			t.Errorf("%q, not %q", bad, fault.claim)
		}
	}
	if v := judgeFreshness(func(b *freshness, r *FreshnessResult) { b.options.Bars, r.Measured = false, replay.Outcome{} }); !v.Good() || len(v) != 2 {
		t.Errorf("without bars: %+v", v)
	}
}
