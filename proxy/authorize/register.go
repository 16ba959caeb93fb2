package authorize

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
)

// ID is a keyed hash: of credentials, of a resource, of a question.
type ID [sha256.Size]byte

// Claim is that a client may see something. Equal claims have equal answers.
type Claim struct {
	Who  ID // the client's credentials; zero if it has none
	What ID // all that the origin is asked, the credentials included
}

// consent is good until its end, and a grace longer while nobody can say.
type consent struct{ until, grace time.Time }

// Register has the origin's consents. Its methods may be called concurrently.
type Register struct {
	report func(error)
	full   func()          // a consent had to go that was good
	ctx    context.Context // of all inquiries
	cancel context.CancelFunc

	mu        sync.Mutex
	limit     int
	consents  map[ID]map[ID]consent // by Who, then by What
	count     int                   // of them
	forgotten map[ID]time.Time      // clients, and when: what was asked before says nothing
	denied    map[Claim]time.Time   // until when, against the client's consent
	guarded   map[ID]time.Time      // resources, and until when that is believed
	asking    map[Claim]*inquiry
	held      map[ID]map[*Tenure]struct{} // by Who
	again     schedule.Bucket             // tenures that are looked into early
	running   sync.WaitGroup
	closed    bool
}

const (
	// guardTime is for how long a resource is believed to be guarded.
	guardTime = time.Hour

	// forgetTime is for how long a request may be under way that was sent
	// before a client was forgotten.
	forgetTime = 10 * time.Minute

	// Logouts have tenures looked into at once, so many, and one more each
	// pause in the long run. The others wait for the end of their consents.
	againBurst = 200
	againPause = 20 * time.Millisecond
)

// New returns a register of at most limit consents; 0 is no limit. report is told
// of panics, and full of each consent that had to go for lack of room. Neither may
// block.
func New(limit int, report func(error), full func()) *Register {
	r := &Register{
		limit: limit, report: report, full: full, consents: map[ID]map[ID]consent{}, forgotten: map[ID]time.Time{}, denied: map[Claim]time.Time{},
		guarded: map[ID]time.Time{}, asking: map[Claim]*inquiry{}, held: map[ID]map[*Tenure]struct{}{},
		again: schedule.Bucket{Pause: againPause, Burst: againBurst},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Limit sets how many consents are kept from now on.
func (r *Register) Limit(limit int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = limit
}

// Close interrupts all inquiries and waits for them.
func (r *Register) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
}

// Holds reports whether the origin has consented to a claim.
func (r *Register) Holds(c Claim, now time.Time) bool { return now.Before(r.until(c)) }

// until is the end of the consent to a claim; zero if there is none.
func (r *Register) until(c Claim) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.consents[c.Who][c.What].until
}

// Excuses reports whether a claim is good although the origin did not say so just
// now: it had consented, and fails. One that answers others, and this client with
// an error, may mean this client.
func (r *Register) Excuses(c Claim, t Terms, a *Answer, now time.Time) bool {
	fails := a.Err != nil || t.Failing == nil || t.Failing()
	return a.Unknown() && fails && now.Before(r.tolerated(c))
}

// tolerated is until when; zero if the origin never consented.
func (r *Register) tolerated(c Claim) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.consents[c.Who][c.What].grace
}

// Grant notes that the origin consents, to a request that was sent then.
func (r *Register) Grant(c Claim, sent time.Time, t Terms) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !sent.After(r.forgotten[c.Who]) {
		return
	}
	if _, known := r.consents[c.Who][c.What]; !known {
		r.makeRoomLocked(sent)
		r.count++
	}
	mine := r.consents[c.Who]
	if mine == nil {
		mine = map[ID]consent{}
		r.consents[c.Who] = mine
	}
	mine[c.What] = consent{until: sent.Add(t.TTL), grace: sent.Add(t.TTL + t.Grace)}
}

// Terms are what a route says of consents.
type Terms struct {
	TTL   time.Duration // for how long one is good
	Grace time.Duration // and for how much longer while the origin fails

	// Failing reports whether it does for others as well; nil: it does. It must
	// not block.
	Failing func() bool
}

// Revoke takes back what was granted: the origin refuses the claim.
func (r *Register) Revoke(c Claim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removeLocked(c)
}

func (r *Register) removeLocked(c Claim) {
	mine := r.consents[c.Who]
	if _, known := mine[c.What]; !known {
		return
	}
	r.count--
	if delete(mine, c.What); len(mine) == 0 {
		delete(r.consents, c.Who)
	}
}

// Forget takes back all that a client was granted, and has its tenures looked
// into at once: it may have logged out. Others are not touched.
func (r *Register) Forget(who ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count -= len(r.consents[who])
	delete(r.consents, who)
	now := time.Now()
	trim(r.forgotten, r.limit, now.Add(-forgetTime))
	r.forgotten[who] = now
	for c := range r.asking {
		if c.Who == who {
			delete(r.asking, c) // whoever asks now needs another answer
		}
	}
	for t := range r.held[who] {
		if r.again.Next().After(now) {
			return // their own timers will
		}
		r.again.Take(now)
		t.hurry()
	}
}
