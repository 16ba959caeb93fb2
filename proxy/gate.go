package proxy

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/sock"
)

// The limits that the gate knows, by their names in the configuration.
const (
	limitConnections      = "connections"
	limitConnectionsPerIP = "connections_per_ip"

	// limitIdle is not a limit of its own: it counts the idle connections that
	// were closed because limits.connections was reached.
	limitIdle = "idle_connections"

	// limitOpenFiles is the system's, not ours.
	limitOpenFiles = "open_files"
)

// gate counts the open connections of clients, in all and per address. A client
// behind a trusted proxy has no connection of its own: its address is charged
// for what it has under way on that proxy's. Its methods may be called
// concurrently.
type gate struct {
	hit    func(limit string)
	speaks func(netip.Addr) bool // for others: a trusted proxy
	epoch  time.Time

	// quick answers what a connection has read, if it can; nil answers nothing.
	quick  func(c *conn, raw []byte) (answered bool, err error)
	firsts sync.Pool // of *[firstSize]byte

	followers sync.Pool // of *head.Follower, which idle connections do without

	mu           sync.Mutex
	total, perIP int           // limits; 0: none
	timeout      time.Duration // of writes, on connections to come

	conns  map[*conn]struct{}
	places map[netip.Addr]int // that are taken, by address
	served list.List          // of *conn: those that fasthttp has, and may be idle
}

func newGate(limits config.Limits, writeTimeout time.Duration, hit func(string), speaks func(netip.Addr) bool) *gate {
	g := &gate{
		hit: hit, speaks: speaks, epoch: time.Now(), conns: map[*conn]struct{}{}, places: map[netip.Addr]int{},
	}
	g.limit(limits, writeTimeout)
	g.followers.New = func() any { return new(head.Follower) }
	g.firsts.New = func() any { return new([firstSize]byte) }
	return g
}

// limit sets what holds for connections to come. Nobody loses one that is there.
func (g *gate) limit(limits config.Limits, writeTimeout time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total, g.perIP, g.timeout = limits.Connections, limits.ConnectionsPerIP, writeTimeout
}

// admit wraps a new connection, which may be beyond a limit (conn.over); nil
// means that there are too many of those as well.
func (g *gate) admit(c net.Conn) *conn {
	admitted := &conn{Conn: sock.New(c), gate: g}
	_, admitted.secure = c.(*secret)
	_, socket := c.(syscall.Conn)
	admitted.exact = !socket
	admitted.used.Store(g.now())
	addr := remoteAddr(c.RemoteAddr())
	admitted.shared = g.speaks(addr)
	evicted, ok := g.enter(admitted, networkOf(addr))
	g.dismiss(evicted)
	if admitted.over != "" {
		g.hit(admitted.over)
	}
	if !ok {
		return nil
	}
	return admitted
}

// follower returns one that is at the start of a request.
func (g *gate) follower() *head.Follower {
	if g == nil {
		return new(head.Follower)
	}
	return g.followers.Get().(*head.Follower)
}

// release takes back a Follower that rests.
func (g *gate) release(f *head.Follower) {
	if g != nil {
		*f = head.Follower{}
		g.followers.Put(f)
	}
}

// makeRoom closes an idle connection, if there is one.
func (g *gate) makeRoom() bool {
	g.mu.Lock()
	evicted := g.evictLocked()
	g.mu.Unlock()
	g.dismiss(evicted)
	return evicted != nil
}

// dismiss closes a connection that was evicted; nil is none.
func (g *gate) dismiss(evicted *conn) {
	if evicted != nil {
		g.hit(limitIdle)
		evicted.linger.Store(false) // nothing of a request is expected, and this must not wait
		_ = evicted.Close()
	}
}

// enter counts a connection. To make room it may evict an idle one, which the
// caller has to close.
func (g *gate) enter(c *conn, from netip.Addr) (evicted *conn, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	perIP := g.perIP > 0 && !c.shared && from.IsValid()
	switch {
	case perIP && g.places[from] >= g.perIP:
		c.over = limitConnectionsPerIP
		ok = g.places[from] < g.perIP+Overflow(g.perIP)
	case g.total > 0 && len(g.conns) >= g.total:
		if evicted, ok = g.evictLocked(), true; evicted == nil {
			c.over = limitConnections
		}
	default:
		ok = true
	}
	if ok = ok && (g.total == 0 || len(g.conns) < g.total+Overflow(g.total)); !ok {
		return evicted, false
	}
	c.writeTimeout = g.timeout
	g.conns[c] = struct{}{}
	c.listed = g.served.PushBack(c)
	if perIP {
		g.chargeLocked(c, from)
	}
	return evicted, true
}

// Overflow is how many connections beyond a limit are taken, to be told so in a
// way that their client understands.
func Overflow(limit int) int { return min(max(16, limit/10), 512) }

func (g *gate) leave(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetLocked(c)
}

func (g *gate) forgetLocked(c *conn) {
	delete(g.conns, c)
	g.unlistLocked(c)
	g.dischargeLocked(c)
}

// count is how many connections there are.
func (g *gate) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// occupy charges an address for the request that a connection carries, until
// vacate. It reports false if the address has its limit already.
func (g *gate) occupy(c *conn, client netip.Addr) bool {
	if !client.IsValid() {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, open := g.conns[c]; !open || g.perIP == 0 {
		return true // and nobody will hear the answer
	}
	g.dischargeLocked(c)
	if g.places[client] >= g.perIP {
		return false
	}
	g.chargeLocked(c, client)
	return true
}

// vacate ends what occupy began.
func (g *gate) vacate(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dischargeLocked(c)
}

func (g *gate) chargeLocked(c *conn, client netip.Addr) {
	c.charged = client
	g.places[client]++
}

func (g *gate) dischargeLocked(c *conn) {
	if !c.charged.IsValid() {
		return
	}
	if g.places[c.charged]--; g.places[c.charged] == 0 {
		delete(g.places, c.charged)
	}
	c.charged = netip.Addr{}
}

// closeAll ends what is open. A client whose answer has no other end than that of
// the connection must not take this for it.
func (g *gate) closeAll() {
	for _, c := range g.open() {
		c.abort()
	}
}

// countStuck counts a client that takes nothing, once.
func (g *gate) countStuck(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !c.stuck {
		c.stuck = true
		g.hit(limitWriteTime)
	}
}

// hush has nobody wait for a client that takes nothing when its connection is closed:
// the engine closes one after the other.
func (g *gate) hush() {
	for _, c := range g.open() {
		c.hush()
	}
}

// closeQuick closes the connections that were answered quickly and carry nothing.
// fasthttp, which may have seen no request on them, would wait for the first one.
func (g *gate) closeQuick() {
	for _, c := range g.open() {
		if c.quick.Load() {
			c.retire()
		}
	}
}

// now is a time that a clock which is set does not change.
func (g *gate) now() int64 { return int64(time.Since(g.epoch)) }

// networkOf is what counts as one client: an address, or the /64 that an IPv6
// client can choose its address from.
func networkOf(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return ip
}
