package schedule

import (
	"math"
	"time"
)

// An origin that answers more slowly than it usually does has too much to do: it
// is asked fewer things at once.
const (
	fewAtOnce = 4           // requests that any origin gets
	slack     = 4           // times as many at once as it needs for its budget
	tolerated = 2           // times as slow as usual is no reason yet
	settling  = 16          // answers that what is lately so is an average of
	steady    = 128         // that what has been so for longer is one of
	sinking   = 512         // that it takes until what is faster is usual
	probing   = time.Minute // of slowness, until it is found out what is usual now
	hanging   = 10          // times as long as lately is a request that hangs
	leastHang = time.Second // and this long
)

// latency is what is known of how fast an upstream answers. Averages are of
// logarithms, so that a few answers that take very long say little about the rest.
type latency struct {
	answers int
	lately  float64 // logarithm of seconds
	longer  float64 // the same of more answers
	usual   float64 // what that is while the origin has not too much to do

	fast  time.Time // when it was not slow
	probe time.Time // when few requests at once became all it gets, to see what is usual
	left  int       // answers until that is known

	// uneven is how many times as long as lately a request counts as under way, on
	// average: there have to be that many more at once where a few take long.
	uneven float64
}

// observe takes in how long an answer took.
func (l *latency) observe(took time.Duration, now time.Time) {
	value := math.Log(max(took.Seconds(), 1e-6))
	l.answers++
	few, many := float64(min(l.answers, settling)), float64(min(l.answers, steady))
	l.lately += (value - l.lately) / few
	l.longer += (value - l.longer) / many
	l.uneven += (min(took, l.patience()).Seconds()/math.Exp(l.lately) - l.uneven) / many
	switch {
	case l.left > 0:
		l.probed(now.Add(-took))
	case l.answers <= steady:
		l.usual, l.fast = l.longer, now
	case l.longer < l.usual:
		l.usual += (l.longer - l.usual) / sinking
		l.fast = now
	case l.longer < l.usual+math.Log(tolerated):
		l.fast = now
	case now.Sub(l.fast) > probing:
		l.probe, l.left = now, 2*settling
	}
}

// probed notes that a request that began then was answered while few are under way.
// If it is those that make the origin slow, it is fast then; otherwise it is slow by
// nature now, and needs more at once.
func (l *latency) probed(began time.Time) {
	if began.Before(l.probe) {
		return
	}
	if l.left--; l.left == 0 {
		l.usual, l.longer = l.lately, l.lately
	}
}

// limit is how many requests may be under way at once, at so many a second. While
// it is not known how fast they are answered, each answer allows one more.
func (l *latency) limit(rate float64) int {
	switch {
	case l.answers < settling:
		return fewAtOnce + l.answers
	case l.left > 0:
		return fewAtOnce
	}
	usual, lately := math.Exp(l.usual), math.Exp(l.lately)
	needed := rate * usual * max(l.uneven, 1) * min(1, tolerated*usual/lately)
	return max(fewAtOnce, int(math.Ceil(slack*min(needed, 1e6))))
}

// patience is after how long a request hangs.
func (l *latency) patience() time.Duration {
	if l.answers < settling {
		return leastHang
	}
	return max(leastHang, duration(hanging*min(math.Exp(l.lately), 1e6)))
}
