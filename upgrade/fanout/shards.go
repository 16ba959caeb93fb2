//go:build linux && !goroutines

package fanout

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// shards are the engine's, one for each core. They begin with the first
// connection.
type shards struct {
	begin sync.Once
	all   atomic.Pointer[[]*shard]

	mu    sync.Mutex
	paces map[pace]*pace
}

// share returns the one pace that is like p.
func (x *shards) share(p pace) *pace {
	x.mu.Lock()
	defer x.mu.Unlock()
	shared := x.paces[p]
	if shared == nil {
		if len(x.paces) >= maxPaces {
			return &p
		}
		shared = &p
		x.paces[p] = shared
	}
	return shared
}

// maxPaces bounds those that are kept. There are as many as routes and transports.
const maxPaces = 10000

// hold serves a connection that gives access to its socket. It returns nil for
// another, or if the system does not let it.
func (x *shards) hold(e *Engine, c net.Conn, s Session, t Terms, tell func(End)) Held {
	raw, fd := socketOf(c)
	if raw == nil {
		return nil
	}
	x.begin.Do(func() { x.start(e) })
	all := x.list()
	if len(all) == 0 {
		return nil
	}
	// The same descriptor comes to the same shard, which knows it.
	home := all[fd%len(all)]
	held := &slot{
		home: home, conn: c, raw: raw, session: s, tell: tell, fd: int32(fd), hold: t.Hold,
		pace: x.share(pace{beat: t.Beat, linger: t.Linger, rest: t.Rest, stall: t.Stall, rate: t.Rate, steady: t.Steady}),
	}
	home.call(call{slot: held, what: enter, early: t.Early})
	if e.closed.Load() {
		home.call(call{what: closeHeld}) // it may have missed that
	}
	return held
}

func socketOf(c net.Conn) (raw syscall.RawConn, fd int) {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil, 0
	}
	raw, err := socket.SyscallConn()
	if err != nil || raw.Control(func(n uintptr) { fd = int(n) }) != nil {
		return nil, 0
	}
	return raw, fd
}

func (x *shards) start(e *Engine) {
	var all []*shard
	for range runtime.GOMAXPROCS(0) {
		h, err := newShard(e)
		if err != nil {
			e.report(fmt.Errorf("each held connection costs two goroutines now: %w", err))
			break
		}
		all = append(all, h)
	}
	for _, h := range all {
		h.stride = len(all)
		go h.poll.run() // waited for by the shard, which closes it
		go h.run()      // waited for by stop
	}
	x.paces = map[pace]*pace{}
	x.all.Store(&all)
	if e.isDraining() {
		x.drain() // some may have missed that
	}
}

func (x *shards) list() []*shard {
	if all := x.all.Load(); all != nil {
		return *all
	}
	return nil
}

func (x *shards) tellAll(what order) {
	for _, h := range x.list() {
		h.call(call{what: what})
	}
}

func (x *shards) drain() { x.tellAll(drain) }

func (x *shards) closeHeld() { x.tellAll(closeHeld) }

// stop ends the shards, and waits for them. Nothing may be held any more.
func (x *shards) stop() {
	x.begin.Do(func() {}) // none begins after it
	x.tellAll(stop)
	for _, h := range x.list() {
		<-h.done
	}
}
