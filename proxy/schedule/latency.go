package schedule

import (
	"math"
	"time"
)

// An origin that answers more slowly than it usually does has too much to do: it
// is asked fewer things at once.
const (
	fewAtOnce   = 4               // requests that any origin gets
	slack       = 4               // times as many at once as it needs for its budget
	tolerated   = 2               // times as slow as usual is no reason yet
	settling    = 16              // answers that an average is over
	hanging     = 10              // times as long as lately is a request that hangs
	leastHang   = time.Second     // and this long
	usualWindow = 5 * time.Minute // whose best average is the usual one, and that of the one before
)

// latency is what is known of how fast an upstream answers. Averages are of
// logarithms, so that a few answers that take very long say little about the rest.
type latency struct {
	answers int
	lately  float64 // logarithm of seconds
	best    [2]float64
	since   time.Time // of the first window
}

// observe takes in how long an answer took.
func (l *latency) observe(took time.Duration, now time.Time) {
	value := math.Log(max(took.Seconds(), 1e-6))
	l.answers++
	l.lately += (value - l.lately) / float64(min(l.answers, settling))
	switch {
	case l.answers == settling:
		l.best, l.since = [2]float64{l.lately, l.lately}, now
	case l.answers > settling:
		if now.Sub(l.since) > usualWindow {
			l.best, l.since = [2]float64{l.lately, l.best[0]}, now
		}
		l.best[0] = min(l.best[0], l.lately)
	}
}

// limit is how many requests may be under way at once, at so many a second. While
// it is not known how fast they are answered, each answer allows one more.
func (l *latency) limit(rate float64) int {
	if l.answers < settling {
		return fewAtOnce + l.answers
	}
	usual, lately := math.Exp(min(l.best[0], l.best[1])), math.Exp(l.lately)
	needed := rate * usual * min(1, tolerated*usual/lately)
	return max(fewAtOnce, int(math.Ceil(slack*min(needed, 1e6))))
}

// patience is after how long a request hangs.
func (l *latency) patience() time.Duration {
	if l.answers < settling {
		return leastHang
	}
	return max(leastHang, duration(hanging*min(math.Exp(l.lately), 1e6)))
}
