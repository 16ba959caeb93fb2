package schedule

import "time"

// Bucket paces what may come at once for a while, and then at a steady rate: a
// token bucket, kept as the time at which it is full again. It has one owner.
type Bucket struct {
	Pause time.Duration // between two in the long run
	Burst int           // how many may come at once; at least 1

	full time.Time
}

// Next is the earliest time for the next one.
func (b *Bucket) Next() time.Time {
	return b.full.Add(-time.Duration(b.Burst-1) * b.Pause)
}

// Take notes that one comes now, whether it is time or not.
func (b *Bucket) Take(now time.Time) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(b.Pause)
}
