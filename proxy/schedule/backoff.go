package schedule

import "time"

const (
	// backoffSteps is how often the span doubles. A resource that fails for
	// itself is heard of by its own feed only, so the span stays within sight
	// of the interval.
	backoffSteps = 3

	// maxBackoff bounds a delay, unless the pace itself is longer.
	maxBackoff = time.Minute
)

// Backoff returns how long after the beginning of a failed poll the next may
// begin, after so many failures in a row: a random time between the pace of
// polls that succeed and a span that doubles with each failure, up to a minute.
// It is never shorter than the pace, so that a failing origin gets no more polls
// than a healthy one, and spread evenly, so that feeds that failed together do
// not come back together. random is in [0, 1).
func Backoff(failures int, pace time.Duration, random float64) time.Duration {
	span := max(pace, min(min(pace, maxBackoff)<<min(max(failures, 0), backoffSteps), maxBackoff))
	return pace + time.Duration(random*float64(span-pace))
}
