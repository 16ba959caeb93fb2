package schedule

import "time"

// Instant is when a resource changed last, as its origin says, by our clock.
type Instant struct {
	At        time.Time     // zero: it does not say
	Precision time.Duration // how much later it may have been
}

// learned is what is known of a resource's changes. It is kept while its feed
// rests.
type learned struct {
	belief   *Belief
	rhythm   rhythm
	epoch    time.Time   // the first poll
	expected expectation // after the last poll
	known    time.Time   // when the last poll began that said anything
	just     int         // instants in a row that say that it changed just now
}

const (
	justNow = 0.1 // of the time since the poll before: what changed later, changed just now
	unlikly = 3   // times in a row that this is not believed any more
)

// observe takes in what a poll that began then saw.
func (l *learned) observe(began time.Time, changed bool, instant Instant) {
	if l.known.IsZero() {
		l.epoch, l.known = began, began
		return
	}
	elapsed := began.Sub(l.known).Seconds()
	age := began.Sub(instant.At).Seconds()
	l.known = began
	switch {
	case elapsed <= 0:
	case !changed || instant.At.IsZero() || age < -1 || age > elapsed || !l.believes(age, elapsed):
		l.belief.Observe(elapsed, changed)
	default:
		l.belief.ObserveAge(elapsed, max(age, 0))
		l.rhythm.note(instant.At.Sub(l.epoch).Seconds(), instant.Precision.Seconds())
	}
	l.expected = l.rhythm.expect(began.Sub(l.epoch).Seconds())
}

// believes reports whether what an origin says of its latest change is worth
// anything. Many an origin says "now" at each request. So does an honest one now
// and then, and whenever a rhythm has told when to ask.
func (l *learned) believes(age, elapsed float64) bool {
	switch {
	case age > justNow*elapsed:
		l.just = 0
	case l.rhythm.period == 0:
		l.just++
	}
	return l.just < unlikly
}

// until is how long to wait after the last poll, in seconds, until a subscriber's
// waiting has cost so much. guess is about what it was before.
func (l *learned) until(cost, guess float64) float64 {
	if l.expected.belief > hardly {
		return l.belief.now.untilExpected(cost, guess, &l.expected)
	}
	return l.belief.now.until(cost, guess)
}

// foretells reports whether it is known when the next change comes.
func (l *learned) foretells() bool { return l.expected.belief > likely }

const (
	hardly  = 0.1
	likely  = 0.5
	certain = 0.7
)
