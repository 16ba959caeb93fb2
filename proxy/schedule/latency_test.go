package schedule

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// upstream answers, and the time is known that it takes.
type upstream struct {
	latency
	random *rand.Rand
	now    time.Time
}

const perSecond = 50.0

func newUpstream(seed uint64) *upstream {
	return &upstream{random: rand.New(rand.NewPCG(seed, 10)), now: epoch}
}

// answers has so many requests be answered, 50 a second, in about so long: off by a
// factor whose logarithm has that standard deviation.
func (u *upstream) answers(n int, took time.Duration, sigma float64) (least, most int) {
	least = math.MaxInt
	for range n {
		u.now = u.now.Add(duration(1 / perSecond))
		u.observe(duration(took.Seconds()*math.Exp(sigma*u.random.NormFloat64())), u.now)
		least, most = min(least, u.limit(perSecond)), max(most, u.limit(perSecond))
	}
	return least, most
}

// needs is how many requests are under way on average, if they take so long.
func needs(took time.Duration) int { return int(math.Ceil(perSecond * took.Seconds())) }

func TestAnOriginThatGetsSlowIsAskedFewerThingsAtOnce(t *testing.T) {
	for _, took := range []time.Duration{100 * time.Millisecond, time.Second} {
		u := newUpstream(1)
		u.answers(300, took, 0.2)
		before := u.limit(perSecond)
		if before < 2*needs(took) {
			t.Errorf("%v: %d at once, needs %d", took, before, needs(took))
		}
		u.answers(100, 8*took, 0.2)
		if slow := u.limit(perSecond); slow > max(fewAtOnce, before*4/10) {
			t.Errorf("%v: 8 times as slow, %d at once after %d", took, slow, before)
		}
		u.answers(100, took, 0.2)
		if got := u.limit(perSecond); got < before*8/10 {
			t.Errorf("%v: as fast as before, %d at once after %d", took, got, before)
		}
	}
}

func TestAFewSlowAnswersSayLittle(t *testing.T) {
	for seed := range uint64(20) {
		u := newUpstream(seed)
		before, _ := u.answers(100, 100*time.Millisecond, 0.2)
		least := math.MaxInt
		for range 5000 {
			took := 100 * time.Millisecond
			if u.random.IntN(20) == 0 {
				took *= 1000
			}
			low, _ := u.answers(1, took, 0.2)
			least = min(least, low)
		}
		if least < needs(100*time.Millisecond) {
			t.Errorf("seed %d: %d at once, %d before", seed, least, before)
		}
	}
}

// TestNoiseDoesNotSlowDownPolling below what the budget needs.
func TestNoiseDoesNotSlowDownPolling(t *testing.T) {
	for seed := range uint64(20) {
		for _, took := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second} {
			u := newUpstream(seed)
			u.answers(settling, took, 1)
			least, most := u.answers(60_000, took, 1)
			mean := duration(took.Seconds() * math.Exp(0.5)) // of what is off like that
			if least < needs(mean) {
				t.Errorf("seed %d, %v: %d to %d at once, needs %d", seed, took, least, most, needs(mean))
			}
		}
	}
}
