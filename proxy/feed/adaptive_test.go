package feed

import (
	"math/rand/v2"
	"testing"
	"time"
)

// adapting is a rig without a budget whose intervals adapt, from half a second to five
// seconds.
func adapting(t *testing.T, story func(t *testing.T, r *rig, w *world)) {
	t.Helper()
	inBubbleOf(t, Limits{}, 0, func(t *testing.T, r *rig) {
		r.policy.Interval, r.policy.MaxInterval = 500*time.Millisecond, 5*time.Second
		w := newWorld()
		c := rand.New(rand.NewPCG(1, 2))
		w.atRandom(c, 100*time.Millisecond, 3*time.Hour, "/fast")
		w.atRandom(c, 10*time.Minute, 3*time.Hour, "/medium", "/popular")
		r.origin.answers(w.say)
		story(t, r, w)
	})
}

func TestWhatChangesOftenIsPolledOftenAndWhatDoesNotIsNot(t *testing.T) {
	adapting(t, func(t *testing.T, r *rig, w *world) {
		r.hold("/fast", "/medium", "/static")
		for range 20 {
			r.hold("/popular")
		}
		time.Sleep(time.Hour)
		from := time.Now()
		time.Sleep(10 * time.Minute)
		for path, want := range map[string][2]time.Duration{
			"/fast":    {500 * time.Millisecond, 600 * time.Millisecond},
			"/medium":  {1500 * time.Millisecond, 5 * time.Second},
			"/popular": {500 * time.Millisecond, 2500 * time.Millisecond},
			"/static":  {4500 * time.Millisecond, 5 * time.Second},
		} {
			if least, most := r.spacing(from, path); least < want[0] || most > want[1] {
				t.Errorf("%s was polled each %v to %v, want %v", path, least, most, want)
			}
		}
		_, most := r.spacing(from, "/popular")
		if least, _ := r.spacing(from, "/medium"); least <= most {
			t.Errorf("with many subscribers it was polled each %v at most, with one each %v at least", most, least)
		}
	})
}

// Many who come at once have it polled more often from now on, not from the next poll
// on.
func TestManyMoreSubscribersNeedNotWaitForTheIntervalOfOne(t *testing.T) {
	adapting(t, func(t *testing.T, r *rig, w *world) {
		r.hold("/static")
		time.Sleep(time.Hour)
		before := r.origin.count()
		for r.origin.count() == before {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second) // of the five to the next
		for range 1000 {
			r.hold("/static")
		}
		time.Sleep(time.Second)
		if n := r.origin.count() - before; n < 2 {
			t.Errorf("%d polls", n)
		}
	})
}

func TestWhatWasLearnedOutlivesARest(t *testing.T) {
	for _, perSecond := range []float64{0, 1} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.policy.Interval, r.policy.MaxInterval, r.policy.Linger = 500*time.Millisecond, 10*time.Second, 10*time.Minute
			w := newWorld()
			w.atRandom(rand.New(rand.NewPCG(3, 4)), 5*time.Second, time.Hour, numbered("/", 5)...)
			r.origin.answers(w.say)
			r.hold(numbered("/", 5)...)
			first := r.subscribe("/static")
			time.Sleep(20 * time.Minute)
			leave(first)
			before := r.origin.beginsOf("/static")
			_, usual := before[len(before)-1], before[len(before)-1].Sub(before[len(before)-2])
			time.Sleep(9 * time.Minute)
			second := r.subscribe("/static")
			from := time.Now()
			time.Sleep(30 * time.Second)
			least, _ := r.spacing(from, "/static")
			if leave(second); usual < 3*time.Second || least < usual*8/10 {
				t.Errorf("%v a second: it was polled each %v, and then each %v", perSecond, usual, least)
			}
		})
	}
}

// Plain pollers have what is known, for as long as the resource's interval is.
func TestPlainPollersOfWhatIsStaticCauseAPollPerLongInterval(t *testing.T) {
	for _, perSecond := range []float64{0, 50} {
		inBubbleOf(t, Limits{}, perSecond, func(t *testing.T, r *rig) {
			r.policy.Interval, r.policy.MaxInterval = 500*time.Millisecond, 5*time.Second
			ask := func(d time.Duration) {
				for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
					r.want(r.get("/static"), "v1")
				}
			}
			ask(time.Hour)
			from := time.Now()
			ask(time.Minute)
			if least, most := r.spacing(from, "/static"); least < 4*time.Second || most > 5100*time.Millisecond {
				t.Errorf("%v a second: it was polled each %v to %v", perSecond, least, most)
			}
		})
	}
}
