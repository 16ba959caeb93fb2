package schedule

import "time"

// Terms are what a route says of when its feeds are polled.
type Terms struct {
	// Min and Max bound the interval from the beginning of a poll to that of the
	// next. Equal, they are a fixed one.
	Min, Max time.Duration

	// Weight is how much a subscriber counts, against those of other routes.
	Weight float64
}

func (t *Terms) isFixed() bool { return t.Min == t.Max }

// Item is one feed in the schedule of its upstream, which owns it. What was learned
// about it stays while nobody wants it polled.
type Item struct {
	// Owner is told when it is polled. It is the caller's.
	Owner any

	terms   Terms
	learned learned

	weight    float64   // of its subscribers; 0: it is not scheduled
	stall     int       // in the market
	interval  float64   // seconds, at the price of now
	jitter    float64   // what that is multiplied by until the next poll
	begun     time.Time // when it was scheduled first
	polled    time.Time // when the last poll began; zero before the first
	before    time.Time // when the one before it did
	notBefore time.Time // what it was told
	urgent    bool      // it is to be polled as soon as it may
	urged     time.Time // since when
	allowed   time.Time // when it may be polled
	due       time.Time // when it should

	asked   bool // somebody waits for an answer
	flying  bool // a poll is under way
	counted bool // and is one of those that an origin gets at once
	failing bool // the last one failed
	queue   *queue
	place   int // there
}

// Interval is how long the schedule means to wait between two polls.
func (it *Item) Interval() time.Duration { return duration(it.interval) }

// lean has the next poll come a little early or late, from -1 to 1: what is in step
// does not stay so.
func (it *Item) lean(by float64) {
	it.jitter = 1 + spread*by
	it.learned.lean = by
}

func (it *Item) isScheduled() bool { return it.weight > 0 }

// Outcome is what a poll came to.
type Outcome struct {
	// Known says that the answer told what the resource is now, and Changed that
	// it is not what it was.
	Known, Changed bool

	// Instant is when it changed last, if the origin says so.
	Instant Instant

	// Took is how long the answer took, or 0 if there was none.
	Took time.Duration

	// Failing says that the feed is failing. It has its own back-off, and may hang
	// without keeping others from being polled.
	Failing bool
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
