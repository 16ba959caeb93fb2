package schedule

import "time"

// Instant is when a resource changed last, as its origin says, by our clock: at At,
// or at most Precision later. It is zero if the origin does not say.
type Instant struct {
	At        time.Time
	Precision time.Duration
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
	lean     float64     // from -1 to 1: to which side a close choice falls
}

const (
	justNow  = 0.3 // of the time since the poll before: what changed later, changed just now
	unlikely = 3   // times in a row that this is not believed any more
)

// observe takes in what a poll saw that began then.
func (l *learned) observe(began time.Time, changed bool, instant Instant) {
	if l.known.IsZero() {
		l.epoch, l.known = began, began
		return
	}
	elapsed := began.Sub(l.known).Seconds()
	age, tells := instant.age(began, elapsed)
	l.known = began
	switch {
	case elapsed <= 0:
	case !changed || !tells || !l.believes(age, elapsed):
		l.belief.Observe(elapsed, changed)
		if changed && l.isLie(instant, tells, elapsed) {
			l.rhythm.forget()
		}
	default:
		l.belief.ObserveAge(elapsed, age)
		l.rhythm.note(instant.At.Sub(l.epoch).Seconds(), instant.Precision.Seconds())
	}
	l.expected = l.rhythm.expect(began.Sub(l.epoch).Seconds())
}

// isLie reports whether a change shows that instants are not to be relied on: its own
// is impossible, or it came before the next that they let one expect.
func (l *learned) isLie(instant Instant, tells bool, elapsed float64) bool {
	return !tells && !instant.At.IsZero() || l.expected.belief > hardly && elapsed < l.expected.from
}

// age is how many seconds before a poll a change was that the one so many seconds
// before it had not seen. ok is false if it cannot have been then.
func (i *Instant) age(polled time.Time, elapsed float64) (age float64, ok bool) {
	precision := i.Precision.Seconds()
	age = polled.Sub(i.At).Seconds()
	if i.At.IsZero() || age < -skew || age-precision > elapsed+skew {
		return 0, false
	}
	return min(max(age-precision/2, 0), elapsed), true
}

// skew is by how many seconds an instant may lie outside of what is possible: an
// origin looks at its clock while it answers.
const skew = 1.0

// believes reports whether what an origin says of its latest change is worth
// anything. Many an origin says "now" at each request. So does an honest one now
// and then, and whenever a rhythm has told when to ask.
func (l *learned) believes(age, elapsed float64) bool {
	switch {
	case age > justNow*elapsed:
		l.just = 0
	case l.expected.belief <= hardly:
		l.just++
	}
	return l.just < unlikely
}

// until is how long to wait after the last poll, in seconds, until a subscriber's
// waiting has cost so much. guess is about what it was before.
func (l *learned) until(cost, guess float64) float64 {
	if l.expected.belief > hardly {
		return l.belief.now.untilExpected(cost, guess, &l.expected, l.lean)
	}
	return l.belief.now.until(cost, guess)
}

// foretells reports whether it is known when the next change comes.
func (l *learned) foretells() bool { return l.expected.belief > likely }

// How much a rhythm is believed, from 0 to 1.
const (
	hardly  = 0.1 // not enough to reckon with it
	likely  = 0.5 // enough not to poll before
	certain = 0.7 // enough to poll in step with it
)
