package schedule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// watcher polls a Poisson source at the interval that its belief gives for a
// price.
type watcher struct {
	*Belief
	random   *rand.Rand
	cost     float64
	interval float64
	ages     bool // the source tells when it changed
}

// newWatcher expects a change every 10 seconds. Its price is right for one that
// changes at rate and is to be polled x times in the time between two changes.
func newWatcher(seed uint64, rate, x float64, ages bool) *watcher {
	return &watcher{Belief: NewBelief(0.1, nil), random: rand.New(rand.NewPCG(seed, 2)), cost: x / rate * x / rate * wait(x), interval: x / rate, ages: ages}
}

// poll looks at a source with that rate.
func (w *watcher) poll(rate float64) {
	age := w.random.ExpFloat64() / rate // since the last change, seen backwards
	switch {
	case age <= w.interval && w.ages:
		w.ObserveAge(w.interval, age)
	default:
		w.Observe(w.interval, age <= w.interval)
	}
	w.interval = w.now.until(w.cost, w.interval)
}

// off is how far the interval is from that of an oracle, as a logarithm.
func (w *watcher) off(rate float64) float64 {
	low, high := 1e-6, 1e9
	for high > low*(1+1e-6) {
		if middle := math.Sqrt(low * high); middle*middle*wait(middle*rate) < w.cost {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Log(w.interval / low)
}

func TestABeliefFindsTheIntervalOfAnOracle(t *testing.T) {
	skipRacing(t)
	const seeds = 40
	for _, ages := range []bool{false, true} {
		for _, rate := range []float64{3, 0.3, 0.01, 0.0001} {
			for _, x := range []float64{0.05, 0.3, 1, 3} {
				mean := 0.0
				for seed := range uint64(seeds) {
					w, sum := newWatcher(seed, rate, x, ages), 0.0
					for range 400 {
						w.poll(rate)
					}
					for range 200 {
						w.poll(rate)
						sum += w.off(rate) / 200
					}
					if mean += sum / seeds; math.Abs(sum) > math.Log(1.3) {
						t.Errorf("seed %d, ages %v, rate %v, %v changes a poll: intervals are off by a factor of %.3f", seed, ages, rate, x, math.Exp(sum))
					}
				}
				if math.Abs(mean) > math.Log(1.1) {
					t.Errorf("ages %v, rate %v, %v changes a poll: intervals are off by a factor of %.3f", ages, rate, x, math.Exp(mean))
				}
			}
		}
	}
}

func TestRateIsThatOfTheSource(t *testing.T) {
	for seed := range uint64(40) {
		for _, rate := range []float64{3, 0.3, 0.03} {
			w := newWatcher(seed, rate, 0.3, false)
			sum := 0.0
			for i := range 400 {
				if w.poll(rate); i >= 200 {
					sum += math.Log(w.Rate()/rate) / 200
				}
			}
			if math.Abs(sum) > math.Log(2) {
				t.Errorf("seed %d: %v changes a second, taken for %v", seed, rate, rate*math.Exp(sum))
			}
		}
	}
}

// TestABeliefFollowsARateThatJumps counts the polls that it takes until the
// interval is right again.
func TestABeliefFollowsARateThatJumps(t *testing.T) {
	for _, c := range []struct {
		from, to   float64
		half, most int
	}{
		{0.01, 1, 14, 20},
		{0.01, 0.1, 12, 20},
		{1, 0.1, 12, 40},
		{1, 0.01, 30, 150},
	} {
		var took []int
		for seed := range uint64(60) {
			w := newWatcher(seed, c.from, 1, false)
			for range 300 {
				w.poll(c.from)
			}
			n := 0
			for ; math.Abs(w.off(c.to)) > math.Log(1.3) && n < 1000; n++ {
				w.poll(c.to)
			}
			took = append(took, n)
		}
		slices.Sort(took)
		if took[30] > c.half || took[59] > c.most {
			t.Errorf("from %v to %v: it takes %d polls", c.from, c.to, took)
		}
	}
}

// wantSound fails unless every distribution is one.
func (b *Belief) wantSound(t testing.TB) {
	t.Helper()
	for i, r := range []rates{b.prior, b.habit, b.now, b.paths[0], b.paths[1], b.paths[2]} {
		if sum := total(r[:]); !(math.Abs(sum-1) < 1e-6) || !(slices.Min(r[:]) >= 0) {
			t.Fatalf("distribution %d is %v, in all %v", i, r, sum)
		}
	}
	if sum := total(b.trust[:]); !(math.Abs(sum-1) < 1e-6) || !(slices.Min(b.trust[:]) > 0) {
		t.Fatalf("trust is %v", b.trust)
	}
	if rate := b.Rate(); !(rate >= rateOf(octaves-1) && rate <= fastest) {
		t.Fatalf("the rate is %v", rate)
	}
}

func total(of []float64) (sum float64) {
	for _, x := range of {
		sum += x
	}
	return sum
}

// TestABeliefSurvivesWhateverItSees has it see absurd things, often many times the
// same, and then an honest source.
func TestABeliefSurvivesWhateverItSees(t *testing.T) {
	absurd := []float64{0, 1e-300, 1e-9, 1e-3, 1, 1e5, 1e9, 1e300}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 3))
		w := newWatcher(seed, 0.1, 1, false)
		for range 30 {
			elapsed, changed, aged := absurd[random.IntN(len(absurd))], random.IntN(2) == 0, random.IntN(4) == 0
			for range 1 << random.IntN(11) {
				if aged {
					w.ObserveAge(elapsed, absurd[random.IntN(len(absurd))])
				} else {
					w.Observe(elapsed, changed)
				}
			}
			w.wantSound(t)
		}
		sum := 0.0
		for i := range 600 {
			if w.poll(0.1); i >= 400 {
				sum += w.off(0.1) / 200
			}
			w.wantSound(t)
		}
		if math.Abs(sum) > math.Log(1.35) {
			t.Errorf("seed %d: intervals are off by a factor of %.3f after all that", seed, math.Exp(sum))
		}
	}
}

func TestABeliefThatSeesTheSameForeverIsSureOfIt(t *testing.T) {
	for _, elapsed := range []float64{0.01, 1, 60} {
		always, never := NewBelief(0.1, nil), NewBelief(0.1, nil)
		for range 20_000 {
			always.Observe(elapsed, true)
			never.Observe(elapsed, false)
		}
		if rate := always.likeliest(); rate < min(1/elapsed, fastest/2) {
			t.Errorf("every %v s a change: %v a second", elapsed, rate)
		}
		if rate := never.likeliest(); rate > max(0.01/elapsed, rateOf(octaves-1)) {
			t.Errorf("every %v s no change: %v a second", elapsed, rate)
		}
	}
}

func (b *Belief) likeliest() float64 { return rateOf(slices.Index(b.now[:], slices.Max(b.now[:]))) }
