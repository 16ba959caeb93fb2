package schedule

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxFloor bounds how long an origin can keep itself from being polled.
const maxFloor = time.Hour

// Fields is what Floor reads of an answer: the values of its fields, "" for
// those it has not.
type Fields struct {
	RetryAfter   string        // RFC 9110 section 10.2.3: seconds, or a date
	PollInterval string        // X-Poll-Interval: seconds, as GitHub sends it
	MaxAge       time.Duration // freshness lifetime, s-maxage before max-age (RFC 9111 section 4.2.1)
	Age          string        // how much of it is over already
	Date         string        // when the origin's clock says that it answered
}

// Floor returns how long the origin does not want to be asked again, from now
// on: the longest of what it says, at most an hour.
func Floor(f Fields, now time.Time) time.Duration {
	floor := max(RetryAfter(f.RetryAfter, f.clock(now)), seconds(f.PollInterval), f.MaxAge-seconds(f.Age))
	return min(max(floor, 0), maxFloor)
}

// clock is the origin's time, by which it writes dates: it knows nothing of ours,
// and ours may be set at any moment.
func (f *Fields) clock(ours time.Time) time.Time {
	if sent, err := http.ParseTime(f.Date); err == nil {
		return sent.Add(seconds(f.Age))
	}
	return ours
}

// RetryAfter reads Retry-After; 0 if it says nothing.
func RetryAfter(value string, now time.Time) time.Duration {
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return seconds(value)
}

// seconds reads delta-seconds; 0 if value is none. One that is too large to be
// represented is a very long time (RFC 9111 section 1.2.2).
func seconds(value string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return time.Duration(n) * time.Second
}
