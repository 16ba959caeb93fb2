package feed

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// told is what an origin says of when a resource changed.
func told(at, now time.Time) []string {
	return []string{"Date", now.UTC().Format(http.TimeFormat), "Last-Modified", at.UTC().Format(http.TimeFormat)}
}

// rhythmic is how stale fifty resources are that change once a minute, at three polls
// of each in that time, after they were watched for a while.
func rhythmic(t *testing.T, policy func(*Policy), fields func(changed, now time.Time) []string) (stale time.Duration) {
	t.Helper()
	inBubbleOf(t, Limits{}, 2.5, func(t *testing.T, r *rig) {
		r.policy.Interval, r.policy.MaxInterval = 500*time.Millisecond, 2*time.Minute
		policy(&r.policy)
		w := newWorld()
		w.fields = fields
		paths := numbered("/", 50)
		w.each(rand.New(rand.NewPCG(1, 2)), time.Minute, 2*time.Hour, paths...)
		r.origin.answers(w.say)
		r.hold(paths...)
		time.Sleep(15 * time.Minute)
		from := time.Now()
		time.Sleep(15 * time.Minute)
		if n := r.since(from); n < 15*150*99/100 || n > 15*150 {
			t.Errorf("%d polls in a quarter of an hour", n)
		}
		stale = r.staleness(w, from, paths...)
	})
	return stale
}

// even is how stale they are if polls come every twenty seconds, at any time between
// two changes: half of the mean square of that, in each minute.
const even = 20 * 20 * time.Second / 3 / 2 / 60

func TestWhatChangesInARhythmIsPolledRightAfterItChanges(t *testing.T) {
	if stale := rhythmic(t, func(*Policy) {}, told); stale > even/2 {
		t.Errorf("where Last-Modified tells when it changed it is %v stale", stale)
	}
	body := func(p *Policy) { p.ChangedAt, _ = ParsePointer("/at") }
	if stale := rhythmic(t, body, nil); stale > even/2 {
		t.Errorf("where the body tells when it changed it is %v stale", stale)
	}
}

func TestLiesAboutWhenItChangedDoNoHarm(t *testing.T) {
	c := newChance(t)
	for name, fields := range map[string]func(changed, now time.Time) []string{
		"nothing": nil,
		"now":     func(_, now time.Time) []string { return told(now, now) },
		"at random": func(_, now time.Time) []string {
			return told(now.Add(-c.upTo(time.Minute)), now)
		},
		"long ago":          func(_, now time.Time) []string { return told(now.Add(-24*time.Hour), now) },
		"in the future":     func(_, now time.Time) []string { return told(now.Add(time.Hour), now) },
		"a minute too soon": func(at, now time.Time) []string { return told(at.Add(-time.Minute), now) },
	} {
		// By chance it is a quarter more now and then: what lies is not believed, and no
		// more than that.
		if stale := rhythmic(t, func(*Policy) {}, fields); stale > even*3/2 {
			t.Errorf("what says %s is %v stale", name, stale)
		}
	}
}

// Whose clock is an hour wrong tells no lie.
func TestRhythmsAreByTheOriginsClock(t *testing.T) {
	ahead := func(at, now time.Time) []string { return told(at.Add(time.Hour), now.Add(time.Hour)) }
	if stale := rhythmic(t, func(*Policy) {}, ahead); stale > even/2 {
		t.Errorf("it is %v stale", stale)
	}
}
