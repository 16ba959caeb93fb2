package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// stage is a pacer whose polls take no time, unless a story says otherwise.
type stage struct {
	t *testing.T
	*Pacer
	now time.Time
}

func newStage(t *testing.T, perSecond float64) *stage {
	return &stage{t: t, Pacer: NewPacer(perSecond, rand.New(rand.NewPCG(1, 13)).Float64), now: epoch}
}

// feed schedules one for so many subscribers.
func (s *stage) feed(t Terms, subscribers int64) *Item {
	it := s.Item(nil, t)
	s.Schedule(it, subscribers, s.now, false, s.now)
	return it
}

// turn waits for the next turn, and returns whose it is.
func (s *stage) turn() *Item {
	for range 1000 {
		it, at := s.Next(s.now)
		if it != nil {
			return it
		}
		if at.IsZero() {
			s.t.Fatalf("%v: nobody gets a turn", s.now.Sub(epoch))
		}
		s.now = at
	}
	s.t.Fatalf("%v: time does not pass", s.now.Sub(epoch))
	return nil
}

// polls has so much time pass, and returns how many polls of each feed that makes.
// None has seen a change.
func (s *stage) polls(seconds float64) map[*Item]int {
	n, until := map[*Item]int{}, s.now.Add(duration(seconds))
	for {
		it := s.turn()
		s.Landed(it, Outcome{Known: true, Took: time.Millisecond}, s.now)
		if s.now.After(until) {
			return n
		}
		n[it]++
	}
}

// TestABudgetThatIsTooSmallStretchesAllIntervals and lets go of that when there is
// enough again.
func TestABudgetThatIsTooSmallStretchesAllIntervals(t *testing.T) {
	s := newStage(t, 1)
	terms := Terms{Min: 5 * time.Second, Max: 5 * time.Second, Weight: 1}
	var feeds []*Item
	for i := range 20 {
		feeds = append(feeds, s.feed(terms, 1+int64(i)))
	}
	s.polls(100)
	if n := s.polls(1000); !s.State(s.now).Stretched || n[feeds[0]] < 20 || n[feeds[19]] < 2*n[feeds[0]] {
		t.Errorf("stretched %v, polls %d and, of the one with most subscribers, %d", s.State(s.now).Stretched, n[feeds[0]], n[feeds[19]])
	}
	for _, it := range feeds[4:] {
		s.Rest(it)
	}
	s.polls(100)
	if n := s.polls(1000); s.State(s.now).Stretched || n[feeds[0]] < 198 || n[feeds[0]] > 200 {
		t.Errorf("stretched %v, %d polls in 1000 s, want one each 5 s", s.State(s.now).Stretched, n[feeds[0]])
	}
}

// TestAPriceThatCannotBeIsForgotten has intervals that routes ask for leave less than
// the longest that there may be for the others.
func TestAPriceThatCannotBeIsForgotten(t *testing.T) {
	s := newStage(t, 5)
	var greedy []*Item
	for range 4 {
		greedy = append(greedy, s.feed(Terms{Min: time.Millisecond, Max: 900 * time.Millisecond, Weight: 1}, 1))
	}
	one, many := s.feed(unbound, 1), s.feed(unbound, 1000)
	for range 4 {
		s.feed(unbound, 10)
	}
	s.polls(2000)
	if price := s.market.price; math.IsInf(price, 0) || !(price > 0) {
		t.Errorf("the price is %v", price)
	}
	for _, it := range greedy {
		s.Rest(it)
	}
	s.polls(60)
	if n := s.polls(300); n[many] < 2*n[one] {
		t.Errorf("%d polls for one subscriber, %d for a thousand", n[one], n[many])
	}
}

func TestAFixedIntervalStaysExactlyFixed(t *testing.T) {
	s := newStage(t, 5)
	for range 50 {
		s.feed(unbound, 100)
	}
	fixed := s.feed(Terms{Min: 3 * time.Second, Max: 3 * time.Second, Weight: 1}, 1)
	var last time.Time
	for s.now.Before(after(600)) {
		it := s.turn()
		if it == fixed {
			if gap := s.now.Sub(last); !last.IsZero() && (gap < 3*time.Second || gap > 3*time.Second+500*time.Millisecond) {
				t.Fatalf("polled after %v, want 3 s, and the turn of another at most", gap)
			}
			last = s.now
		}
		s.Landed(it, Outcome{Known: true, Took: time.Millisecond}, s.now)
	}
}

// TestNothingIsUnpolledForThreeTimesItsShare wants that of all that compete for the
// budget, whatever they do.
func TestNothingIsUnpolledForThreeTimesItsShare(t *testing.T) {
	kinds := []func(int, float64, *rand.Rand) []*source{sleepers, periodic, poissons}
	for _, n := range less(20, 2, 3, 5, 100) {
		for k, kind := range kinds {
			budget := 0.1 * float64(n)
			sources := tell(kind(n, 4000, rand.New(rand.NewPCG(uint64(k), 14))), honest)
			if s := play(sources, budget, 200, 4000, unbound, uint64(k)); s.gap > 3*float64(n)/budget {
				t.Errorf("%d feeds, kind %d: one was not polled for %.2f times the share of each", n, k, s.gap*budget/float64(n))
			}
		}
	}
}

// TestWhoIsAskedForKeepsItsTurn although many others are asked for before it.
func TestWhoIsAskedForKeepsItsTurn(t *testing.T) {
	s := newStage(t, 1)
	it := s.feed(Terms{Min: 10 * time.Second, Max: 10 * time.Second, Weight: 1}, 1)
	for s.turn() != it {
	}
	s.Landed(it, Outcome{Known: true}, s.now)
	for range 1000 {
		s.Ask(s.Visitor(nil))
	}
	s.Ask(it)
	from := s.now
	for next := s.turn(); next != it; next = s.turn() {
		s.Landed(next, Outcome{}, s.now)
	}
	if waited := s.now.Sub(from); waited > 13*time.Second {
		t.Errorf("its turn was after %v", waited)
	}
}

// TestWhatIsUrgentKeepsItsPlace while prices change, and many others are late.
func TestWhatIsUrgentKeepsItsPlace(t *testing.T) {
	s := newStage(t, 10)
	for range 500 {
		s.feed(unbound, 1)
	}
	it := s.feed(unbound, 1)
	s.polls(200)
	s.Budget().Rest(s.now.Add(time.Minute)) // all are late then
	s.now = s.now.Add(time.Minute)
	s.Schedule(it, 1, s.now, true, s.now)
	from := s.now
	for next := s.turn(); next != it; next = s.turn() {
		s.Schedule(next, 1+int64(s.now.Unix()%7), s.now, false, s.now) // moves prices
		s.Landed(next, Outcome{Known: true}, s.now)
	}
	if waited := s.now.Sub(from); waited > 51*time.Second {
		t.Errorf("it waited for %v, longer than all others that were late then", waited)
	}
}

// TestManyWhoJoinWithFewSubscribersDoNotKeepOthersWaiting as if there were room for
// all of them as often as for those who were there before.
func TestManyWhoJoinWithFewSubscribersDoNotKeepOthersWaiting(t *testing.T) {
	s := newStage(t, 10)
	crowded := s.feed(unbound, 1_000_000)
	s.feed(unbound, 1)
	s.polls(61)
	for range 100 {
		s.feed(unbound, 1)
		if it, _ := s.Next(s.now); it != nil {
			s.Landed(it, Outcome{Known: true}, s.now)
		}
	}
	if n := s.polls(4)[crowded]; n < 10 {
		t.Errorf("%d of 40 polls are of the one with a million subscribers", n)
	}
}
