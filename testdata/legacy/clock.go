package legacy

import "time"

// Clock tells the time. It must not go backwards and may be called by many
// goroutines at once. A nil Clock is time.Now, which a testing/synctest bubble
// replaces by its own.
type Clock func() time.Time

func (c Clock) orNow() Clock {
	if c == nil {
		return time.Now
	}
	return c
}

// Instant is a time that JSON shows in UTC with exactly three decimals, so
// that every answer of an origin has the same width whatever the time.
type Instant struct{ time.Time }

// MarshalJSON writes RFC 3339 with milliseconds.
func (i Instant) MarshalJSON() ([]byte, error) {
	return i.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z07:00"`), nil
}
