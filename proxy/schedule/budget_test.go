package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var budgets = []float64{0.01, 0.5, 1, 2.5, 7, 50, 1000}

// spender spends a budget, and knows when.
type spender struct {
	t      testing.TB
	b      *Budget
	random *rand.Rand
	now    time.Time
	late   time.Duration // its timer, at most
	begun  []time.Time
}

func newSpender(t testing.TB, perSecond float64, seed uint64) *spender {
	return &spender{t: t, b: NewBudget(perSecond), random: rand.New(rand.NewPCG(seed, 9)), now: epoch}
}

// spend begins the next request as soon as it may.
func (s *spender) spend(waits bool) {
	if at := s.b.Earliest(s.now, waits); at.After(s.now) {
		s.now = at
		if s.late > 0 {
			s.now = s.now.Add(time.Duration(s.random.Int64N(int64(s.late))))
		}
	}
	if again := s.b.Earliest(s.now, waits); again.After(s.now) {
		s.t.Fatalf("at %v, when one may begin, it may not before %v", s.now.Sub(epoch), again.Sub(epoch))
	}
	s.b.Take(s.now)
	s.begun = append(s.begun, s.now)
}

// wantCap fails if there are too many requests in any window of the length in
// which so many of them are promised to be all: a second's, or one.
func wantCap(t testing.TB, perSecond float64, begun []time.Time) {
	t.Helper()
	n := int(min(math.Ceil(perSecond), maxRecent))
	window := duration(float64(n) / perSecond)
	for i := n; i < len(begun); i++ {
		if took := begun[i].Sub(begun[i-n]); took < window {
			t.Fatalf("%v a second: %d requests within %v, from %v on", perSecond, n+1, took, begun[i-n].Sub(epoch))
		}
	}
}

func TestNoWindowHasMoreRequestsThanTheBudget(t *testing.T) {
	for _, perSecond := range budgets {
		for seed := range uint64(20) {
			s := newSpender(t, perSecond, seed)
			s.late = []time.Duration{0, time.Millisecond, 50 * time.Millisecond}[seed%3]
			for len(s.begun) < 5000 {
				s.now = s.now.Add(duration(anyOrder(s.random, 0.01, 1000) / perSecond)) // idle
				waits := s.random.IntN(2) == 0
				for range 1 << s.random.IntN(12) {
					s.spend(waits || s.random.IntN(10) == 0)
				}
				if s.random.IntN(10) == 0 {
					s.b.Refuse(s.now, s.now)
				}
			}
			wantCap(t, perSecond, s.begun)
		}
	}
}

// TestTheBudgetIsUsedUp wants the rate in the long run to be within 1 % below it,
// and 2 % where timers are late by as much as they ever are.
func TestTheBudgetIsUsedUp(t *testing.T) {
	for _, perSecond := range budgets {
		for late, least := range map[time.Duration]float64{0: 0.995, time.Millisecond: 0.995, 5 * time.Millisecond: 0.99, tardiness: 0.98} {
			for _, waits := range []bool{false, true} {
				s := newSpender(t, perSecond, 1)
				s.late = late
				for range 20_000 {
					s.spend(waits)
				}
				took, atOnce := s.now.Sub(epoch).Seconds(), perSecond/4 // at first, for who waits
				most, n := took*perSecond+atOnce+tardiness.Seconds()*perSecond+1, float64(len(s.begun))
				if n > most || n < least*took*perSecond {
					t.Errorf("%v a second, late by %v, waits %v: %.4f of it", perSecond, late, waits, n/took/perSecond)
				}
			}
		}
	}
}

// TestRequestsThatNobodyWaitsForAreEven after any time of idleness.
func TestRequestsThatNobodyWaitsForAreEven(t *testing.T) {
	for _, perSecond := range budgets {
		s := newSpender(t, perSecond, 2)
		for range 100 {
			s.now = s.now.Add(duration(anyOrder(s.random, 0.1, 1e5) / perSecond))
			from := s.now
			for i := range 50 {
				s.spend(false)
				if least := duration(float64(i-1)/perSecond) - tardiness; s.now.Sub(from) < least {
					t.Fatalf("%v a second: %d requests within %v", perSecond, i+1, s.now.Sub(from))
				}
			}
		}
	}
}

// TestWhoWaitsGetsWhatWasNotUsed lately, up to a quarter of a second's.
func TestWhoWaitsGetsWhatWasNotUsed(t *testing.T) {
	for _, perSecond := range budgets {
		s := newSpender(t, perSecond, 3)
		s.spend(false)
		s.now = s.now.Add(duration(2/perSecond + 10))
		from, atOnce := s.now, 0
		for s.spend(true); s.now.Equal(from); s.spend(true) {
			atOnce++
		}
		if least := max(1, int(perSecond/4)); atOnce < least || atOnce > least+int(tardiness.Seconds()*perSecond)+1 {
			t.Errorf("%v a second: %d at once", perSecond, atOnce)
		}
	}
}

func TestARefusalHalvesTheBudget(t *testing.T) {
	b := NewBudget(8)
	if b.Refuse(epoch, epoch); b.Rate(epoch) != 4 {
		t.Errorf("one refusal leaves %v of 8", b.Rate(epoch))
	}
	for i := range 100 { // that were under way then
		b.Refuse(epoch.Add(-time.Duration(i)*time.Millisecond-1), epoch.Add(time.Duration(i)*time.Millisecond))
	}
	if got := b.Rate(epoch); math.Abs(got-4) > 0.02 {
		t.Errorf("those that were under way with it leave %v of 8", got)
	}
	if b.Refuse(epoch.Add(time.Second), epoch.Add(2*time.Second)); math.Abs(b.Rate(epoch.Add(2*time.Second))-(4+8.0/30)/2) > 0.02 {
		t.Errorf("one that began later leaves %v", b.Rate(epoch.Add(2*time.Second)))
	}
	for i := range 1000 {
		at := epoch.Add(time.Minute + time.Duration(i)*time.Microsecond)
		b.Refuse(at, at)
	}
	if got := b.Rate(epoch.Add(time.Minute)); got < 8*deepestCut || got > 8*deepestCut*1.01 {
		t.Errorf("a thousand refusals leave %v of 8", got)
	}
}

// TestABudgetRecoversSteadily wants what was cut to come back by the same amount a
// second, however often it is looked at, and never more than all.
func TestABudgetRecoversSteadily(t *testing.T) {
	for _, perSecond := range budgets {
		often, once := NewBudget(perSecond), NewBudget(perSecond)
		for _, b := range []*Budget{often, once} {
			b.Refuse(epoch, epoch)
			b.Refuse(epoch, epoch)
		}
		for ms := range 100_000 {
			at := epoch.Add(time.Duration(ms) * time.Millisecond)
			want := min(perSecond, perSecond*(0.25+float64(ms)/60_000))
			if got := often.Rate(at); off(got, want) > 1e-6 || got > perSecond {
				t.Fatalf("%v a second, after %d ms: %v, want %v", perSecond, ms, got, want)
			}
		}
		if got := once.Rate(epoch.Add(time.Hour)); got != perSecond {
			t.Errorf("%v a second, after an hour: %v", perSecond, got)
		}
	}
}

// TestABudgetThatIsCutIsNotExceeded wants what is left of it to be all that begins,
// and who waits not to get what was not used before.
func TestABudgetThatIsCutIsNotExceeded(t *testing.T) {
	for _, waits := range []bool{false, true} {
		s := newSpender(t, 40, 4)
		s.now = s.now.Add(time.Hour)
		s.b.Refuse(s.now, s.now)
		from := s.now
		for s.now.Before(from.Add(30 * time.Second)) { // 20 a second at first, 40 at the end
			s.spend(waits)
		}
		if n := len(s.begun); n > 900 || n < 880 {
			t.Errorf("waits %v: %d requests, want nearly 900", waits, n)
		}
		if first := s.begun[0].Sub(from); first < 50*time.Millisecond {
			t.Errorf("waits %v: the first after %v", waits, first)
		}
	}
}

func TestNothingBeginsWhileTheOriginIsLeftAlone(t *testing.T) {
	s := newSpender(t, 50, 5)
	s.spend(false)
	until := s.now.Add(time.Minute)
	s.b.Rest(until)
	s.b.Rest(until.Add(-time.Second)) // is less
	from := len(s.begun)
	for range 100 {
		s.spend(true)
	}
	if first := s.begun[from]; !first.Equal(until) {
		t.Errorf("the first begins %v after that", first.Sub(until))
	}
	wantCap(t, 50, s.begun)
}
