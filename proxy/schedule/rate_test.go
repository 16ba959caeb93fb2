package schedule

import (
	"testing"
	"time"
)

// A budget that becomes another one lets no more begin, in the window of either, than
// that has room for.
func TestABudgetThatChangesIsNeverExceeded(t *testing.T) {
	for _, rates := range [][]float64{{20, 5}, {5, 20}, {20, 0.5, 20}, {1, 50, 3}} {
		begin := time.Now()
		b, now := NewBudget(rates[0]), begin
		var all []time.Time
		for _, rate := range rates {
			if rate != b.full {
				b = b.with(rate, now)
			}
			for end := now.Add(5 * time.Second); now.Before(end); {
				if at := b.Earliest(now, true); at.After(now) {
					now = at
					continue
				}
				b.Take(now)
				all = append(all, now)
				if n := within(all, now.Add(-b.window)); n > len(b.recent) {
					t.Fatalf("%v: %d in a window of %v after %v", rates, n, b.window, now.Sub(begin))
				}
			}
		}
	}
}

// within is how many came after a time.
func within(all []time.Time, since time.Time) (n int) {
	for _, at := range all {
		if at.After(since) {
			n++
		}
	}
	return n
}

func TestABudgetThatGrowsWaitsNoLongerThanItsNewPace(t *testing.T) {
	now := time.Now()
	b := NewBudget(0.01)
	b.Take(now)
	b = b.with(10, now)
	if wait := b.Earliest(now, false).Sub(now); wait > 200*time.Millisecond {
		t.Errorf("the next begins after %v", wait)
	}
}

func TestWhatARefusalHasLeftOfABudgetIsLeftOfTheNext(t *testing.T) {
	now := time.Now()
	b := NewBudget(100)
	b.Refuse(now, now)
	if b = b.with(10, now); b.Rate(now) != 5 {
		t.Errorf("%v a second", b.Rate(now))
	}
}

func TestAFeedGoesOnAtAnotherPaceWithWhatItHasLearned(t *testing.T) {
	now := time.Now()
	p := NewPacer(10, func() float64 { return 0.5 })
	it := p.Item(nil, Terms{Min: time.Minute, Max: time.Minute, Weight: 1})
	p.Schedule(it, 1, now, false, now)
	if due, _ := p.Next(now); due != it {
		t.Fatal("it has no turn")
	}
	p.Landed(it, Outcome{Known: true, Took: time.Millisecond}, now)
	p.Renew(it, Terms{Min: time.Second, Max: time.Second, Weight: 1}, now)
	if _, at := p.Next(now.Add(500 * time.Millisecond)); at.After(now.Add(1100 * time.Millisecond)) {
		t.Errorf("its next poll is after %v", at.Sub(now))
	}
	if it.Interval() != time.Second {
		t.Errorf("every %v", it.Interval())
	}
}
