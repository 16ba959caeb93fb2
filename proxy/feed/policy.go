package feed

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/schedule"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// Policy is what a route says of its feeds.
type Policy struct {
	// Interval is the pace of polls, from beginning to beginning. With MaxInterval
	// it is the shortest, and what the resource does decides; 0 is none.
	Interval, MaxInterval time.Duration

	// Weight is how much a subscriber counts where a budget is shared; 0 is 1.
	Weight float64

	// ChangedAt is where a JSON body says when it changed.
	ChangedAt Pointer

	// Timeout bounds a poll, from its beginning to the last byte of its
	// answer.
	Timeout time.Duration

	// Linger is how long a feed is kept that nobody wants.
	Linger time.Duration

	// StaleIfError and StaleWhileRevalidate are how much older than Interval a
	// snapshot may be that answers polls while the origin fails, and while the
	// next one is fetched.
	StaleIfError, StaleWhileRevalidate time.Duration

	// Snapshot is the largest body that is kept, in bytes; 0: no limit.
	Snapshot int64

	// Vary is what every answer of the route says, whatever its origin adds.
	Vary string

	// Ignore are the parts of a JSON document whose changes are no change.
	Ignore []Pointer
}

// Spec is a feed to be: what it polls, and for whom.
type Spec struct {
	Route    string // name, for logs and statistics
	Order    string // of all routes, by which requests for it are Route's
	Key      string
	Target   string // the URL, for writes to it
	Site     string // the origin that its cache groups belong to (RFC 9875 section 2.1)
	Identity string // whose feed it is; "" if it is everybody's
	Audience share.Audience

	// Method, Head and Body are the poll's: its head up to the conditions,
	// without its last line. Only a POST has a Body.
	Method string
	Head   []byte
	Body   []byte

	Share *share.Policy
	Vary  *share.Vary // that the key was made with
	Keyed []string    // fields of the key that an answer may depend on without saying so
	Meter Meter

	// Terms are those that the feed begins under.
	Terms *Terms

	// Lending is set where polls may borrow the credentials of clients.
	Lending *Lending

	// Offer is what clients may have the answers compressed in; nil is nothing.
	Offer *coding.Offer

	// Outage is shared by the feeds of one upstream; nil if this is the only
	// one.
	Outage *Outage

	// Log is told of panics; nil means slog.Default().
	Log *slog.Logger

	// Tracer may record polls; nil records none.
	Tracer Tracer

	// Alarm is told when polls fail; may be nil.
	Alarm Alarm
}

// Terms are what may become something else while a feed lives: see [Feeds.Reform].
// They are immutable.
type Terms struct {
	Policy *Policy
	Origin Origin

	// Way is another one when Origin is: only what went the same way before knows whose
	// validators there are.
	Way uint64

	// Place is another one when Origin asks none of the servers that it asked
	// before.
	Place uint64

	// Dispatcher gives turns where the upstream has a budget; nil if it has none.
	Dispatcher *Dispatcher
}

// terms are what the schedule is told of a policy.
func (p *Policy) terms() schedule.Terms {
	return schedule.Terms{Min: p.Interval, Max: max(p.Interval, p.MaxInterval), Weight: cmp.Or(p.Weight, 1)}
}

// isFixed reports whether the interval is.
func (p *Policy) isFixed() bool { return p.MaxInterval <= p.Interval }

// Alarm learns of failing feeds. Its methods must not block.
type Alarm interface {
	// Failing is called when a feed's polls have begun to fail.
	Failing(failure error)

	// StillFailing is called for each failure after that.
	StillFailing(failure error)

	// Recovered is called when they succeed again, or when the feed ends; then
	// after is 0.
	Recovered(after time.Duration)
}

// Origin answers polls. Do obeys ctx as [origin.Client.Do] does.
type Origin interface {
	Do(ctx context.Context, req *origin.Request) (*origin.Response, error)
}

// Meter is told what a feed does. Its methods must not block.
type Meter interface {
	// Polled is told of each poll: how long it took and how many bytes of body
	// came; whether the answer was that nothing changed; why it failed, or "".
	Polled(took time.Duration, bytes int64, unchanged bool, failure string)

	// PolledAgain is told that a poll was sent to a second server.
	PolledAgain()

	// Updated is told that there is a new version.
	Updated()

	// LimitHit is told that something of an answer was beyond a limit, and left out.
	LimitHit(limit string)

	// Opened and Closed are told when a feed begins and ends to exist.
	Opened()
	Closed()
}
