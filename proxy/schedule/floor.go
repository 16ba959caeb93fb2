package schedule

import (
	"net/http"
	"time"
)

// maxFloor bounds how long an origin can keep itself from being polled.
const maxFloor = time.Hour

// Fields is what Floor reads of an answer: the values of its fields, empty for
// those it has not.
type Fields struct {
	// RetryAfter and PollInterval are the lines of Retry-After (RFC 9110 section
	// 10.2.3: seconds, or a date) and X-Poll-Interval (seconds, as GitHub sends
	// it). Of several the longest counts: each is a wish to be left alone.
	RetryAfter, PollInterval []string

	// MaxAge is the argument of s-maxage or max-age, whichever applies, and
	// Expires the date that counts without (RFC 9111 section 4.2.1).
	MaxAge, Expires string

	Age  string // how much of the lifetime is over already
	Date string // when the origin's clock says that it answered
}

// Floor returns how long the origin does not want to be asked again, from now
// on: the longest of what it says, at most an hour. now is when the answer came. It
// counts from there and not from the request, as RFC 9111 section 4.2.3 would have a
// cache do that is careful for its clients: this one is for the origin.
func Floor(f Fields, now time.Time) time.Duration {
	floor := f.lifetime(now) - seconds(f.Age)
	for _, value := range f.PollInterval {
		floor = max(floor, decimal(value))
	}
	return min(max(floor, f.wait(now)), maxFloor)
}

// HostFloor returns how long the whole host wants to be left alone, not only the
// resource that was asked for: what Retry-After says where the status is 429 or
// 503, at most an hour, and 0 otherwise.
func HostFloor(status int, f Fields, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	return min(f.wait(now), maxFloor)
}

// wait is the longest Retry-After.
func (f *Fields) wait(now time.Time) (longest time.Duration) {
	clock := f.clock(now)
	for _, value := range f.RetryAfter {
		longest = max(longest, RetryAfter(value, clock))
	}
	return longest
}

// lifetime is how long the answer was fresh when it was made. One that cannot be
// read, such as the Expires "0" or "-1", is over (RFC 9111 sections 4.2.1 and 5.3).
func (f *Fields) lifetime(received time.Time) time.Duration {
	if f.MaxAge != "" {
		return seconds(f.MaxAge)
	}
	expires, err := http.ParseTime(f.Expires)
	if err != nil {
		return 0
	}
	made, err := http.ParseTime(f.Date)
	if err != nil {
		made = received
	}
	return max(expires.Sub(made), 0)
}

// clock is the origin's time, by which it writes dates: it knows nothing of ours,
// and ours may be set at any moment.
func (f *Fields) clock(ours time.Time) time.Time {
	if sent, err := http.ParseTime(f.Date); err == nil {
		return sent.Add(seconds(f.Age))
	}
	return ours
}
