package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// Visit is one client, from its coming to its leaving. It belongs to one
// goroutine.
type Visit struct {
	Identity string           // its Authorization
	Target   string           // what it asks for
	Doing    string           // what it came for
	Versions map[string]int64 // the newest that it has seen, by target; for See to keep

	traffic *Traffic
	random  *rand.Rand
	kind    Kind // of one that is held
	conn    *Conn
	tag     []byte
	newest  atomic.Int64 // of all that it has seen
}

func (t *Traffic) visit(random *rand.Rand) *Visit {
	v := &Visit{Versions: map[string]int64{}, traffic: t, random: random}
	v.Identity = popular(random, t.Identities)
	v.Target = popular(random, t.Targets)
	v.kind = pick(random, Kinds())
	return v
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// popular is pick, and often one of the first: or hardly two clients would ever
// ask for the same.
func popular[T any](random *rand.Rand, from []T) T {
	return from[min(random.IntN(len(from)), random.IntN(len(from)), random.IntN(len(from)))]
}

// chance is true once in n times.
func (v *Visit) chance(n int) bool { return v.random.IntN(n) == 0 }

// come connects.
func (v *Visit) come(ctx context.Context) (err error) {
	v.traffic.Told.Visits.Add(1)
	v.conn, err = dial(ctx, v.traffic.Address, smallBuffer)
	return err
}

// during does something until the stay is over, and leaves.
func (v *Visit) during(ctx context.Context, do func()) {
	stay := time.Duration(v.random.Int64N(int64(v.traffic.Stay)) + 1)
	_ = v.conn.wire.SetDeadline(time.Now().Add(stay))
	stop := context.AfterFunc(ctx, func() { _ = v.conn.wire.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	do()
	v.leave()
}

// leave ends the connection: in good order, with a reset, or without a word, as
// a machine does that loses its power.
func (v *Visit) leave() {
	if tcp, ok := v.conn.wire.Conn.(*net.TCPConn); ok {
		switch v.random.IntN(6) {
		case 0, 1:
			_ = tcp.SetLinger(0)
		case 2:
			vanish(tcp)
		}
	}
	v.conn.Close()
}

// see tells of a snapshot.
func (v *Visit) see(snapshot []byte) {
	v.traffic.See(v, snapshot)
	v.newest.Store(max(v.newest.Load(), v.Versions[v.Target]))
}

// subject is what it asks for, as whom.
func (v *Visit) subject() subject {
	return subject{host: v.traffic.Address, target: v.Target, fields: v.fields(), asking: v.askAgain}
}

// askAgain comes before each long poll. Some are answered at once, as often as
// they are asked.
func (v *Visit) askAgain() {
	v.asked()
	time.Sleep(breather / 10)
}

func (v *Visit) fields() string {
	if v.Identity == "" {
		return ""
	}
	return "Authorization: " + v.Identity + "\r\n"
}

// asked counts a request, and the time that its client was held.
func (v *Visit) asked() { v.traffic.Told.Asked.Add(1) }

func (v *Visit) heldSince(began time.Time) { v.traffic.Told.held.Add(int64(time.Since(began))) }

// answer reads the head of an answer, which has to begin in time.
func (v *Visit) answer(ctx context.Context) (*Head, error) {
	_ = v.conn.wire.SetDeadline(time.Now().Add(v.traffic.Patience))
	head, err := v.conn.readHead()
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		v.traffic.Told.Hung.Add(1)
	}
	return head, err
}
