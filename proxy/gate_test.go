package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/config"
)

// hits is how often a limit was reached.
func (r *rig) hits(limit string) int64 { return r.proxy.Ledger().Stats().Limits[limit] }

// ask sends a GET on a connection that is kept, and returns the answer.
func (r *rig) ask(c net.Conn, path string, fields ...string) (reply, error) {
	if _, err := io.WriteString(c, requestText("GET", path, r.addr, "", fields)); err != nil {
		return reply{}, err
	}
	return readReply(bufio.NewReader(c), "GET")
}

func TestTheLimitOnConnectionsIsToldToEachClientInItsWay(t *testing.T) {
	r := newRig(t, "limits: {connections: 3, subscribers: 3}")
	var held []*stream
	for range 3 {
		held = append(held, r.stream("/x", "text/event-stream"))
	}
	a := r.get("/x")
	if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !a.Close || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a poll: %d %v", a.StatusCode, a.Header)
	}
	events := r.get("/x", "Accept", "text/event-stream")
	if events.StatusCode != 200 || !strings.Contains(events.body, "retry: 1") || events.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("an EventSource: %d %q", events.StatusCode, events.body)
	}
	if hits := r.hits("connections"); hits != 2 {
		t.Errorf("%d hits", hits)
	}
	for _, s := range held {
		_ = s.conn.Close()
	}
	r.eventually("there is room again", func() bool { return r.get("/x").StatusCode == 200 })
}

func TestTheLimitPerAddressIs429(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "limits: {connections_per_ip: 2}")
	held := []net.Conn{r.dial(), r.dial()}
	r.eventually("two are open", func() bool { return r.connections() == 2 })
	if a := r.get("/x"); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" || !a.Close {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if a, err := r.ask(r.dialFrom("127.0.0.2"), "/x"); err != nil || a.StatusCode != 200 {
		t.Errorf("somebody else: %v, %v", a.Response, err)
	}
	if hits := r.hits("connections_per_ip"); hits != 1 {
		t.Errorf("%d hits", hits)
	}
	_ = held[0].Close()
	r.eventually("there is room again", func() bool { return r.get("/x").StatusCode == 200 })
}

// dialFrom connects from another address of this machine.
func (r *rig) dialFrom(addr string) net.Conn {
	r.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
	c, err := dialer.Dial("tcp", r.addr)
	if err != nil {
		r.t.Skip("this machine has one address: ", err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Whoever only keeps connections open, be it from many addresses, cannot keep
// anybody out, and it is the one idle for longest that goes.
func TestIdleConnectionsMakeRoomForNewOnes(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "limits: {connections: 8, subscribers: 8}", "interval: 1h")
	watching := r.stream("/x", "text/event-stream")
	watching.event()
	var idle []net.Conn
	for i := range 7 {
		c := r.dialFrom(fmt.Sprintf("127.0.0.%d", 1+i%3))
		if i >= 4 { // the others have never said anything
			if a, err := r.ask(c, "/x"); err != nil || a.StatusCode != 200 {
				t.Fatalf("%v, %v", a.Response, err)
			}
			r.eventually("it rests", r.proxy.gate.rests) // its client may have the answer before
		}
		idle = append(idle, c)
		r.eventually("it is counted", func() bool { return r.connections() == i+2 })
	}
	for range 5 {
		c := r.dial()
		if a, err := r.ask(c, "/x"); err != nil || a.StatusCode != 200 {
			t.Fatalf("a new client: %v, %v", a.Response, err)
		}
	}
	for i, c := range idle {
		_, err := r.ask(c, "/x")
		if evicted := i < 5; evicted != (err != nil) {
			t.Errorf("idle connection %d: %v", i, err)
		}
	}
	if hits := r.hits("idle_connections"); hits != 5 || r.hits("connections") != 0 {
		t.Errorf("%d idle ones made room, %d were refused", hits, r.hits("connections"))
	}
	r.body(`{"v":2}`)
	r.do("PUT", "/x", "x")
	if got := watching.event(); got != `data: {"v":2}` {
		t.Errorf("the held client got %q", got)
	}
}

// A request that comes while its connection is being closed to make room is
// either served whole or never seen by the origin.
func TestAnEvictedConnectionServesNothing(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "limits: {connections: 4}", "mode: pass")
	var clients sync.WaitGroup
	var mu sync.Mutex
	answered := map[string]bool{}
	for i := range 8 {
		clients.Go(func() {
			for j := range 60 {
				c, err := r.connect()
				if err != nil {
					t.Error(err)
					return
				}
				for k := range 3 {
					path := fmt.Sprintf("/%d-%d-%d", i, j, k)
					_, _ = io.WriteString(c, requestText("POST", path, r.addr, "x", nil))
					a, err := readReply(bufio.NewReader(c), "POST")
					mu.Lock()
					answered[path] = err == nil && a.StatusCode == 200
					mu.Unlock()
					if err != nil {
						break
					}
				}
				_ = c.Close()
			}
		})
	}
	clients.Wait()
	seen := map[string]int{}
	for _, request := range r.origin.Requests() {
		seen[request.Path]++
	}
	if len(seen) == 0 || r.hits("idle_connections") == 0 {
		t.Errorf("%d requests, %d evictions: nothing was tested", len(seen), r.hits("idle_connections"))
	}
	for path, n := range seen {
		if n != 1 || !answered[path] {
			t.Errorf("%s reached the origin %d times, and was answered: %v", path, n, answered[path])
		}
	}
}

func TestBusyConnectionsAreNeverEvicted(t *testing.T) {
	g := newGate(config.Limits{Connections: 200}, 0, func(string) {}, func(netip.Addr) bool { return false })
	var all []*conn
	for range 200 {
		c, _ := net.Pipe()
		admitted := g.admit(c)
		admitted.begin()
		all = append(all, admitted)
	}
	all[150].rest()
	admitted := 0
	for range 20 {
		c, _ := net.Pipe()
		if next := g.admit(c); next != nil && next.over == "" {
			next.begin()
			admitted++
		}
	}
	if admitted != 1 || !all[150].isEvicted() {
		t.Errorf("%d got the place of one idle connection", admitted)
	}
	for i, c := range all {
		if i != 150 && c.isEvicted() {
			t.Errorf("connection %d was busy", i)
		}
	}
}

func TestTheGateForgetsWhoLeaves(t *testing.T) {
	g := newGate(config.Limits{Connections: 5, ConnectionsPerIP: 2}, 0, func(string) {}, func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.1") })
	for i := range 100 {
		from := []string{"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "10.0.0.1", ""}[i%6]
		ours, _ := net.Pipe()
		peer := net.Conn(addressed{ours, from})
		if from == "" {
			peer = ours // which has no address
		}
		if c := g.admit(peer); c != nil {
			c.begin()
			if c.shared {
				g.occupy(c, netip.MustParseAddr("192.0.2.1"))
			}
			if i%3 == 0 {
				g.hold(c)
				g.serve(c)
			}
			defer c.Close()
		}
	}
	for c := range g.conns {
		_ = c.Close()
	}
	if len(g.conns)+len(g.places)+g.served.Len() != 0 {
		t.Errorf("left: %d connections, %v, %d served", len(g.conns), g.places, g.served.Len())
	}
}

// addressed is a connection from somewhere.
type addressed struct {
	net.Conn
	from string
}

func (a addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(a.from), 1234))
}

func TestAnIPv6ClientIsItsNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "fe80::1%eth0": "fe80::",
	} {
		if got := networkOf(netip.MustParseAddr(addr)); got.String() != want {
			t.Errorf("%s counts as %s, want %s", addr, got, want)
		}
	}
	hits := 0
	g := newGate(config.Limits{ConnectionsPerIP: 2}, 0, func(string) { hits++ }, func(netip.Addr) bool { return false })
	for i, from := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:db8::3", "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"} {
		ours, _ := net.Pipe()
		c := g.admit(addressed{ours, from})
		if over := c.over != ""; over != (i == 3 || i == 6) {
			t.Errorf("%s: over: %v", from, over)
		}
	}
	if hits != 2 {
		t.Errorf("%d hits", hits)
	}
}

func TestALongPollerHasAsLongForItsNextRequestAsAnybody(t *testing.T) {
	r := newRig(t, "timeouts: {header: 500ms, idle: 5s}", "interval: 10ms")
	etag := r.get("/x").Header.Get("ETag")
	c := r.dial()
	if a, err := r.ask(c, "/x", "Prefer", "wait=1", "If-None-Match", etag); err != nil || a.StatusCode != 304 {
		t.Fatalf("%v, %v", a.Response, err)
	}
	silent, err := r.ask(r.dial(), "/y")
	if err != nil || silent.StatusCode != 200 {
		t.Fatal(err)
	}
	// Somebody who connected later is cut off first: it has said nothing.
	if all, err := io.ReadAll(r.dial()); err != nil || len(all) != 0 {
		t.Errorf("who says nothing is told %q, %v", all, err)
	}
	if a, err := r.ask(c, "/x"); err != nil || a.StatusCode != 200 {
		t.Errorf("after a pause: %v, %v", a.Response, err)
	}
}

// rests reports whether all that fasthttp serves are idle.
func (g *gate) rests() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for at := g.served.Front(); at != nil; at = at.Next() {
		if at.Value.(*conn).state.Load() != connIdle {
			return false
		}
	}
	return true
}
