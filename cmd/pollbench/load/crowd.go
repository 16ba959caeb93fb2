package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Crowd is clients that are held by one server.
type Crowd struct {
	address string
	see     See
	running sync.WaitGroup
	leaving atomic.Bool

	mu      sync.Mutex
	members []*Member
	dropped []error
}

// Member is one of them.
type Member struct {
	Kind   Kind // "" for a client of the bare loop
	Number int  // from 0, in the order of arrival

	conn *Conn
	talk conversation
}

// See is told of each snapshot that a member gets, and of the bytes that it read
// from the connection since the one before. It is called by many goroutines at
// once, though by one per member, and may not keep the snapshot.
type See func(m *Member, snapshot []byte, wire int64)

// NewCrowd returns a crowd without members.
func NewCrowd(address string, see See) *Crowd { return &Crowd{address: address, see: see} }

// arrivals is how many connect at the same time.
const arrivals = 64

// Subscribe adds n subscribers of a kind to the resource at target. It returns
// when all have been answered, though perhaps not yet with a snapshot.
func (c *Crowd) Subscribe(ctx context.Context, k Kind, target string, n int) error {
	return c.join(ctx, k, n, func(conn *Conn) conversation { return k.converse(conn, subject{host: c.address, target: target}) })
}

// Receive adds n clients of the bare loop with messages of so many bytes.
func (c *Crowd) Receive(ctx context.Context, size, n int) error {
	return c.join(ctx, "", n, func(conn *Conn) conversation { return &raw{conn: conn, message: make([]byte, size)} })
}

func (c *Crowd) join(ctx context.Context, k Kind, n int, talk func(*Conn) conversation) error {
	var next atomic.Int64
	var joining sync.WaitGroup
	failures := make([]error, min(n, arrivals))
	for i := range failures {
		joining.Go(func() {
			for next.Add(1) <= int64(n) && failures[i] == nil {
				failures[i] = c.admit(ctx, k, talk)
			}
		})
	}
	joining.Wait()
	return errors.Join(ctx.Err(), errors.Join(failures...))
}

// admit connects one member and starts it.
func (c *Crowd) admit(ctx context.Context, k Kind, talk func(*Conn) conversation) error {
	conn, err := dial(ctx, c.address, smallBuffer)
	if err != nil {
		return err
	}
	m := &Member{Kind: k, conn: conn, talk: talk(conn)}
	if err := m.begin(ctx); err != nil {
		conn.Close()
		return fmt.Errorf("begin as %s: %w", m.name(), err)
	}
	c.mu.Lock()
	m.Number = len(c.members)
	c.members = append(c.members, m)
	c.mu.Unlock()
	c.running.Go(func() { c.listen(m) }) // waited for by Close
	return nil
}

// begin opens the conversation, within a time.
func (m *Member) begin(ctx context.Context) error {
	defer context.AfterFunc(ctx, m.conn.Close)()
	_ = m.conn.wire.SetDeadline(time.Now().Add(dialTimeout))
	if err := m.talk.open(); err != nil {
		return err
	}
	return m.conn.wire.SetDeadline(time.Time{})
}

// listen tells of a member's snapshots until its connection ends.
func (c *Crowd) listen(m *Member) {
	known := m.conn.wire.read
	for {
		snapshot, err := m.talk.next()
		if err != nil {
			c.lost(m, err)
			return
		}
		c.see(m, snapshot, m.conn.wire.read-known)
		known = m.conn.wire.read
	}
}

// lost notes a member that did not leave by itself.
func (c *Crowd) lost(m *Member, err error) {
	m.conn.Close()
	if c.leaving.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = append(c.dropped, fmt.Errorf("%s: %w", m.name(), err))
}

func (m *Member) name() string {
	if m.Kind == "" {
		return "client of the bare loop"
	}
	return string(m.Kind)
}

// Size is how many members were admitted.
func (c *Crowd) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.members)
}

// Dropped returns why members were lost, so far.
func (c *Crowd) Dropped() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]error(nil), c.dropped...)
}

// Close makes all members leave, and waits for them.
func (c *Crowd) Close() {
	c.leaving.Store(true)
	c.mu.Lock()
	for _, m := range c.members {
		m.conn.Close()
	}
	c.mu.Unlock()
	c.running.Wait()
}
