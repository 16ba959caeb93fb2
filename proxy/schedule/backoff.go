package schedule

import "time"

const (
	// backoffSteps is how often the span doubles. A feed is the only one to
	// learn that its origin is back, so the span stays within sight of the
	// interval.
	backoffSteps = 3

	// maxBackoff bounds a delay, even where the interval is longer.
	maxBackoff = time.Minute
)

// Backoff returns how long after the beginning of a failed poll the next may
// begin, after so many failures in a row. It is exponential with full jitter: a
// random part of a span that doubles with each failure, up to a minute; but never
// shorter than the pace of polls that succeed. random is in [0, 1).
func Backoff(failures int, pace time.Duration, random float64) time.Duration {
	pace = min(pace, maxBackoff)
	span := min(pace<<min(failures, backoffSteps), maxBackoff)
	return max(pace, time.Duration(random*float64(span)))
}
