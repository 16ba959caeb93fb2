package observe

import (
	"fmt"
	"hash/maphash"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/pollmux/pollmux/proxy/share"
)

// Observer is what the observed routes of one proxy have in common: the limits,
// and one goroutine that reads what takes long.
type Observer struct {
	log   *slog.Logger
	seed  maphash.Seed // of all hashes
	room  room
	limit atomic.Int64 // of one body that is held to be read

	held    atomic.Int64 // bytes of bodies
	digests chan func()
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup
	keys    sync.Pool // of *share.Key
}

// Limits bound what is held.
type Limits struct {
	Resources int   // known at once; 0: the default of limits.feeds
	Body      int64 // that is read as a whole; 0: as much as is held in all
}

const (
	defaultResources = 10_000
	maxHeld          = 64 << 20 // bytes of bodies that are held to be read
	queued           = 256      // bodies
)

// New returns an observer, which has to be closed.
func New(l Limits, log *slog.Logger) *Observer {
	o := &Observer{log: log, seed: maphash.MakeSeed(), digests: make(chan func(), queued), stop: make(chan struct{})}
	o.Limit(l)
	o.keys.New = func() any { return new(share.Key) }
	o.running.Add(1)
	go o.run() // waited for by Close
	return o
}

// Limit sets the limits from now on. What is known stays known.
func (o *Observer) Limit(l Limits) {
	body, resources := l.Body, int64(l.Resources)
	if body <= 0 || body > maxHeld {
		body = maxHeld
	}
	if resources <= 0 {
		resources = defaultResources
	}
	o.limit.Store(body)
	o.room.most.Store(resources)
}

// run reads bodies, one after the other, so that they cost one processor at most
// and no client waits for it.
func (o *Observer) run() {
	defer o.running.Done()
	for {
		select {
		case digest := <-o.digests:
			o.guard(digest)
		case <-o.stop:
			return
		}
	}
}

// guard keeps a panic from whoever is served: they are to see nothing of being
// observed.
func (o *Observer) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			o.log.Error("a request could not be observed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// later runs f soon. It reports false if there is too much to do already.
func (o *Observer) later(f func()) bool {
	select {
	case o.digests <- f:
		return true
	default:
		return false
	}
}

// Close ends what the observer runs. What is observed afterwards is not read any
// more.
func (o *Observer) Close() {
	o.once.Do(func() { close(o.stop) })
	o.running.Wait()
}

// hold asks for room for so many bytes of a body.
func (o *Observer) hold(n int) bool {
	if o.held.Add(int64(n)) > maxHeld {
		o.held.Add(int64(-n))
		return false
	}
	return true
}

func (o *Observer) release(n int) { o.held.Add(int64(-n)) }

// hash is what is kept of a value.
func (o *Observer) hash(b []byte) uint32 { return uint32(maphash.Bytes(o.seed, b)) }
