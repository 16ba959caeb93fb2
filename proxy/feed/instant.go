package feed

import (
	"net/http"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
)

// instantOf returns when the resource changed last, as the answer to a poll says
// that took from began to received: its body, where pointer leads, if that is a
// time, or else Last-Modified. ok is false if neither is an instant: no time, or one
// in the future, or before 1990. It reads all of a body that is pointed into, so it
// is for an answer that is new.
func instantOf(resp *origin.Response, body []byte, began, received time.Time, pointer Pointer) (i schedule.Instant, ok bool) {
	r := readClock(resp.Header, began, received)
	if len(pointer) > 0 {
		if t, ok := stamp(find(body, pointer)); ok {
			if i, ok := r.instant(t); ok {
				return i, true
			}
		}
	}
	t, err := http.ParseTime(resp.Header.Get("Last-Modified"))
	if err != nil {
		return schedule.Instant{}, false
	}
	return r.instant(t)
}

// reading is what an answer tells of the origin's clock.
type reading struct {
	began, received time.Time // of the poll, by our clock
	made, sent      time.Time // what the origin's clock showed, or up to a second more
	dated           bool      // there is a Date; if not, its clock is taken for ours
}

// readClock reads Date. Its Age later, what came out of a cache was sent to us.
func readClock(h origin.Header, began, received time.Time) reading {
	r := reading{began: began, received: received}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		r.made, r.sent, r.dated = date, date.Add(ageOf(h)), true
	}
	return r
}

// earliest is before what any origin of today remembers. What is earlier is a zero
// that somebody wrote, or nonsense.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// instant translates a time by the origin's clock into ours. If the clocks can agree,
// as far as Date tells, they are taken to: most do, to a fraction of a second, and
// Date knows no fractions. If they cannot, what is unknown of the difference makes
// the instant that much less precise.
func (r *reading) instant(t time.Time) (schedule.Instant, bool) {
	var least, most time.Duration // that our clock is ahead
	last := r.received
	if r.dated {
		last = r.made.Add(time.Second)
		shown := r.sent
		if t.After(shown) {
			shown = t // what has happened is over
		}
		least, most = r.began.Sub(r.sent.Add(time.Second)), r.received.Sub(shown)
	}
	if least <= 0 && most >= 0 {
		least, most = 0, 0
	}
	at := r.received.Add(t.Add(least).Sub(r.received)) // with its monotonic clock
	if at.Before(earliest) || t.After(last) || at.After(r.received) {
		return schedule.Instant{}, false
	}
	return schedule.Instant{At: at, Precision: min(precision(t)+most-least, r.received.Sub(at))}, true
}

// precision is what a time was measured to, at most a second: a zero at its end may
// stand for what was not. One that is a zero by chance costs a digit, and nothing
// else.
func precision(t time.Time) time.Duration {
	p := time.Second
	for t.Nanosecond()%int(p) != 0 {
		p /= 10
	}
	return p
}
