package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// TrafficOptions are those of Traffic.
type TrafficOptions struct {
	Address string
	Guests  int // at a time, without the audience
	Steady  int // members of the audience, of each kind

	Targets    []string // of resources
	Large      []string // of those that fill a connection that nobody reads
	Lasting    []string // of those that the audience is held on
	Identities []string // values of Authorization, "" for none
	Write      string   // where writes go
	Upload     string   // where uploads go

	Number   func(number int64) []byte // the body of a write
	Stay     time.Duration             // the longest visit
	Patience time.Duration             // how long an answer may take to begin
	Dribble  time.Duration             // how long a request that does not get anywhere may be listened to
	See      func(v *Visit, snapshot []byte)
	Writes   *Writes // the account of them
}

// Traffic is clients of all sorts that come and go, as many at a time as there
// shall be: some have manners, most have not. The audience among them stays, and
// comes back if it is dropped.
type Traffic struct {
	TrafficOptions
	Told Told

	stop     context.CancelFunc
	running  sync.WaitGroup
	audience []*Visit
}

// Told is what clients did, and what was done to them.
type Told struct {
	Visits   atomic.Int64
	Asked    atomic.Int64 // requests
	Hung     atomic.Int64 // requests whose answer did not begin in time
	Dribbled atomic.Int64 // heads that were listened to for too long
	Drops    atomic.Int64 // members of the audience that had to come back

	held atomic.Int64 // nanoseconds
}

// Held is for how long clients were held, all together.
func (t *Told) Held() time.Duration { return time.Duration(t.held.Load()) }

// NewTraffic returns traffic without anybody in it.
func NewTraffic(o TrafficOptions) *Traffic { return &Traffic{TrafficOptions: o} }

// act is what a guest does in one visit.
type act struct {
	name  string
	share int // of the guests, in parts of all shares
	do    func(v *Visit, ctx context.Context)
}

func (t *Traffic) acts() []act {
	return []act{
		{"poll", 6, (*Visit).poll},
		{"hold", 6, (*Visit).hold},
		{"stop reading", 3, (*Visit).stall},
		{"write", 3, (*Visit).write},
		{"send", 3, (*Visit).send},
		{"cut an upload", 2, (*Visit).upload},
		{"dribble", 2, (*Visit).dribble},
		{"flood", 1, (*Visit).flood},
	}
}

// Start lets the audience in and waits until all of it has been answered once;
// then come the others.
func (t *Traffic) Start(ctx context.Context) error {
	ctx, t.stop = context.WithCancel(ctx)
	for _, k := range Kinds() {
		for i := range t.Steady {
			v := t.visit(rand.New(rand.NewPCG(uint64(i), 0)))
			v.Doing = "attend"
			v.kind, v.Target = k, t.Lasting[i%len(t.Lasting)]
			t.audience = append(t.audience, v)
			t.running.Go(func() { v.attend(ctx) }) // ended by Stop
		}
	}
	if err := t.awaitNewer(ctx, 0); err != nil {
		t.Stop()
		return err
	}
	shares := 0
	for _, a := range t.acts() {
		shares += a.share
	}
	for n, a := range t.acts() {
		for i := range max(1, t.Guests*a.share/shares) {
			random := rand.New(rand.NewPCG(uint64(n), uint64(i)))
			t.running.Go(func() { t.live(ctx, a, random) }) // ended by Stop
		}
	}
	return nil
}

// Stop makes everybody leave, and waits for that.
func (t *Traffic) Stop() {
	t.stop()
	t.running.Wait()
}

// live is one guest after the other in one place.
func (t *Traffic) live(ctx context.Context, a act, random *rand.Rand) {
	for ctx.Err() == nil {
		v := t.visit(random)
		v.Doing = a.name
		if v.come(ctx) == nil {
			v.during(ctx, func() { a.do(v, ctx) })
		}
		pause(ctx, time.Duration(random.Int64N(int64(breather))))
	}
}

// breather is the longest pause between two visits, and between two steps of one.
const breather = 100 * time.Millisecond

// pause waits, and reports whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	sleepUntil(ctx, time.Now().Add(d))
	return ctx.Err() == nil
}

// Behind is how many members of the audience have nothing newer than a version.
func (t *Traffic) Behind(version int64) int {
	behind := 0
	for _, v := range t.audience {
		if v.newest.Load() <= version {
			behind++
		}
	}
	return behind
}

// awaitNewer waits until the whole audience has something newer.
func (t *Traffic) awaitNewer(ctx context.Context, version int64) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	for t.Behind(version) > 0 {
		if !pause(ctx, 10*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}
