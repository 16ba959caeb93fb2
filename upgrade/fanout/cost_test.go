//go:build linux && !goroutines

package fanout

import (
	"net"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// What a client costs is counted here rather than timed, with the system calls
// taken out: the counts are the same on every machine.

// stub is a connection whose socket is not there.
type stub struct{ net.Conn }

func (stub) Close() error { return nil }

// stubRaw gives access to it.
type stubRaw struct{ syscall.RawConn }

func (stubRaw) Control(f func(uintptr)) error { f(0); return nil }

// stubbed is a shard that nobody runs, whose sockets take everything.
type stubbed struct {
	*shard
	t                    testing.TB
	changed              chan struct{}
	version              int
	writes, polls, asked int
}

func newStubbed(t testing.TB, clients int) *stubbed {
	h, err := newShard(New(func(err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.poll.close)
	x := &stubbed{shard: h, t: t, changed: make(chan struct{})}
	h.socket.write = func(uintptr) { x.writes++; h.socket.n, h.socket.err = len(h.socket.bytes), nil }
	h.socket.set = func(uintptr) { x.polls++; h.socket.err = nil }
	for n := range clients {
		h.enter(&slot{
			home: h, conn: stub{}, raw: stubRaw{}, session: &counting{shard: x, frame: make([]byte, 100)}, tell: func(End) {},
			fd: int32(n), pace: &pace{beat: time.Minute},
		}, nil)
	}
	return x
}

// publish has everybody told a new version.
func (x *stubbed) publish() {
	x.version++
	former := x.changed
	x.changed = make(chan struct{})
	close(former)
	for a := range x.audiences {
		if a == former {
			x.follow(&call{what: publish, audience: x.audiences[a]})
			break
		}
	}
	x.obey() // what those who watch have called
	for x.next < len(x.queue) {
		x.askSome()
	}
}

// counting is a session that counts what it is asked.
type counting struct {
	shard *stubbed
	have  int
	frame []byte
}

func (c *counting) Next() ([]byte, <-chan struct{}, bool) {
	c.shard.asked++
	if c.have == c.shard.version {
		return nil, c.shard.changed, false
	}
	c.have = c.shard.version
	return c.frame, nil, false
}

func (c *counting) Sent()                          {}
func (c *counting) Beat() ([]byte, bool)           { return nil, false }
func (c *counting) Expire() []byte                 { return nil }
func (c *counting) Leave() []byte                  { return nil }
func (c *counting) Heard([]byte) (Verdict, func()) { return Listening, nil }

func TestADeliveryIsOneWriteAndNothingElseThatCosts(t *testing.T) {
	const clients, versions = 1000, 20
	x := newStubbed(t, clients)
	if x.polls != clients {
		t.Errorf("%d registrations of %d sockets", x.polls, clients)
	}
	x.publish()
	x.writes, x.polls, x.asked = 0, 0, 0
	for range versions {
		x.publish()
	}
	if x.writes != clients*versions || x.asked != 2*clients*versions || x.polls != 0 {
		t.Errorf("%d deliveries: %d writes, asked %d times, %d system calls about events", clients*versions, x.writes, x.asked, x.polls)
	}
	if x.wheel.count != clients {
		t.Errorf("%d slots of %d are on the wheel", x.wheel.count, clients)
	}
}

// A publication allocates an audience, whoever it consists of.
func TestADeliveryAllocatesNothing(t *testing.T) {
	allocated := func(clients int) float64 {
		x := newStubbed(t, clients)
		for range 3 {
			x.publish()
		}
		return testing.AllocsPerRun(20, x.publish)
	}
	few, many := allocated(10), allocated(2000)
	if many > few+2 || many > 20 {
		t.Errorf("%.0f allocations to tell 10 clients, %.0f to tell 2000", few, many)
	}
}

func TestABeatAllocatesNothing(t *testing.T) {
	x := newStubbed(t, 100)
	meet := x.meet
	if n := testing.AllocsPerRun(20, func() {
		x.now += 2 * time.Minute
		x.wheel.turn(x.now, meet)
	}); n > 0 {
		t.Errorf("%.0f allocations for 100 beats", n)
	}
}

// A slot is what the engine adds to a client that waits.
func TestASlotIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(slot{}); size > 208 {
		t.Errorf("%d bytes", size)
	}
}

// BenchmarkDelivery is what the engine adds to a write, beside a loop that asks the
// same session and calls the same stub.
func BenchmarkDelivery(b *testing.B) {
	const clients = 10000
	x := newStubbed(b, clients)
	b.ReportAllocs()
	var engine, bare time.Duration
	for b.Loop() {
		begin := time.Now()
		x.publish()
		middle := time.Now()
		for n := range clients {
			s := x.slots[n]
			_, _, _ = s.session.Next()
			x.socket.bytes = nil
			_ = s.raw.Control(x.socket.write)
		}
		engine, bare = engine+middle.Sub(begin), bare+time.Since(middle)
	}
	b.ReportMetric(float64(engine.Nanoseconds())/float64(b.N)/clients, "ns/delivery")
	b.ReportMetric(float64(engine)/float64(bare), "engine/bare")
}
