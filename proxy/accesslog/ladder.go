package accesslog

import "time"

// ladder are the intervals that are played at once, the shortest first.
type ladder []time.Duration

// rungs is how many there are at most.
const rungs = 12

func newLadder(interval time.Duration) ladder {
	if interval > 0 {
		return ladder{interval}
	}
	return ladder{
		500 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second,
		15 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	}
}

// suits returns the longest interval that is no longer than the period at which
// clients poll: at that, the origin hears as much as from one of them, and nobody's
// data are older than twice what they were. Clients are a little late more often than
// early, and dates in logs are rough.
func (l ladder) suits(period time.Duration) int {
	for i := len(l) - 1; i > 0; i-- {
		if l[i] <= period+period/10 {
			return i
		}
	}
	return 0
}
