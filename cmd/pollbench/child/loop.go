package child

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LoopOptions are those of the bare loop.
type LoopOptions struct {
	// Listen has a goroutine wait for each client to say something, as a
	// server does that wants to know when its client leaves.
	Listen bool `json:"listen"`

	// Body is how long the snapshot is that a message begins with.
	Body int `json:"body,omitempty"`
}

// Burst is what a burst was.
type Burst struct {
	Messages int   `json:"messages"`
	Version  int64 `json:"version"`
}

// loop is the least that a fan-out can do: it has the descriptors in a list and
// writes to each.
type loop struct {
	listens bool
	body    int
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	clients []*receiver
	version int64
}

// receiver is a client of the loop.
type receiver struct {
	conn *net.TCPConn // owns fd
	fd   int
	size int
}

// runLoop runs the loop. Its verbs are those of sampleVerbs, and
//
//	burst   writes a message to every client, one after the other
//	forget  closes the clients
func runLoop(o LoopOptions, l net.Listener, s Standard) error {
	p := &loop{listens: o.Listen, body: o.Body}
	p.running.Go(func() { p.accept(l) })
	v := sampleVerbs(p.held)
	v["burst"] = func(string) (any, error) { return p.burst(time.Now()) }
	v["forget"] = func(string) (any, error) { p.forget(); return nil, nil }
	err := s.obey(l.Addr().String(), v)
	_ = l.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.forget()
	p.running.Wait()
	return err
}

// accept admits clients until the listener is closed.
func (p *loop) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if err := p.admit(c.(*net.TCPConn)); err != nil {
			_ = c.Close()
		}
	}
}

// admit reads how long the client's messages are, and holds it.
func (p *loop) admit(c *net.TCPConn) error {
	line, err := bufio.NewReaderSize(c, 16).ReadString('\n')
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || size < 1 {
		return fmt.Errorf("a message of %q bytes", line)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	r := &receiver{conn: c, size: size}
	if err := raw.Control(func(fd uintptr) { r.fd = int(fd) }); err != nil {
		return err
	}
	return p.hold(r)
}

func (p *loop) hold(r *receiver) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	p.clients = append(p.clients, r)
	if p.listens {
		p.running.Go(func() { r.listen() }) // ended by forget, waited for by runLoop
	}
	return nil
}

func (r *receiver) listen() {
	var b [1]byte
	_, _ = r.conn.Read(b[:])
}

func (p *loop) held() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int64(len(p.clients))
}

func (p *loop) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.clients {
		_ = r.conn.Close()
	}
	p.clients = nil
}

// burst writes to all. Each message begins with a snapshot, which says when the
// first was written.
func (p *loop) burst(now time.Time) (Burst, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version++
	messages := map[int][]byte{}
	for _, r := range p.clients {
		if messages[r.size] == nil {
			messages[r.size] = message(p.version, now, r.size, p.body)
		}
		if err := r.write(messages[r.size]); err != nil {
			return Burst{}, err
		}
	}
	return Burst{Messages: len(p.clients), Version: p.version}, nil
}

// message is a snapshot, and as much behind it as a transport wraps around one.
func message(version int64, now time.Time, size, body int) []byte {
	at := now.UnixNano()
	b := Snapshot{Version: version, Previous: version - 1, Changed: at, Asked: at}.render(min(size, body))
	return append(b, bytes.Repeat([]byte{'x'}, max(size-len(b), 0))...)[:size]
}
