package legacy

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"time"
)

// Options are what a test or a demo may choose about an origin. The zero value
// is a good one; fields that an origin has no use for are ignored.
type Options struct {
	// Clock is where the origin's time comes from. Default time.Now.
	Clock Clock

	// Seed decides everything random. Origins with the same seed, clock and
	// start tell the same story.
	Seed uint64

	// Every is the pace of the changes. Default: Scoreboard 5s to 10s, Friends
	// 30s to 90s per list, Camera 1s; a GroupChat is silent without it, since
	// most tests want to choose its messages.
	Every Pace

	// Latency is how long each request takes before it is looked at.
	Latency time.Duration

	// Validator is what answers can be revalidated by. Default none. A Camera
	// always has a strong ETag.
	Validator Validator

	// Header is added to every good answer, and to its 304.
	Header http.Header

	// Members is how many people are simulated in a GroupChat. Default 2000.
	Members int

	// Burst is the most that a GroupChat's members say at one instant of
	// Every. Default 20.
	Burst int

	// History is how many messages a chat keeps. Default 10000.
	History int

	// Page is how many messages an answer to ?since= holds at most, so that a
	// client that is far behind needs several. Default 1000.
	Page int
}

// filled returns the options with every default in place and the time at
// which the origin starts.
func (o Options) filled(usual Pace) (Options, time.Time) {
	o.Clock = o.Clock.orNow()
	o.Every = o.Every.or(usual)
	o.Members = cmp.Or(o.Members, 2000)
	o.Burst = cmp.Or(o.Burst, 20)
	o.History = cmp.Or(o.History, 10000)
	o.Page = cmp.Or(o.Page, 1000)
	return o, o.instant()
}

// instant is now as answers show it, to the millisecond and in UTC, so that an
// instant in memory equals (==) the one that a client decodes.
func (o Options) instant() time.Time { return o.Clock().UTC().Truncate(time.Millisecond) }

// Streams of randomness. When something changes and what it changes to are
// drawn apart, so that a change made by hand does not move the later instants.
const (
	whenStream = iota
	whatStream
)

func (o Options) random(stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(o.Seed, stream))
}

// counted puts the parts that every origin has in common around its handler.
func (o Options) counted(answer http.Handler) *Counter {
	return Count(slowed(o.Latency, answer), o.Clock)
}

// slowed delays each request. A client that leaves meanwhile ends the wait but
// not the request: a legacy origin carries out a write that nobody waits for.
func slowed(latency time.Duration, next http.Handler) http.Handler {
	if latency <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
		next.ServeHTTP(w, r)
	})
}
