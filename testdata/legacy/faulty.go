package legacy

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Faulty is an origin for fault tests: an HTTP/1.1 server on raw connections
// that says what its Answer is and does to it what its Fault says. Without a
// Fault it is a well-behaved server that records every byte of every request.
//
//	origin := legacy.NewFaulty(legacy.Answer{Body: []byte("hello")}, nil)
//	err := origin.Listen("127.0.0.1:0")
//	defer origin.Close()
//	origin.Break(legacy.ResetMidBody(3), "/api/scores")
//
// It is safe for concurrent use.
type Faulty struct {
	*Recording
	*settings

	clock   Clock
	running sync.WaitGroup // accept loops and connections

	mu        sync.Mutex // guards what follows
	listeners []net.Listener
	address   net.Addr // of the last listener
	sockets   map[*conn]struct{}
	opened    int
	closed    chan struct{} // closed with the next connection that ends
	closing   chan struct{} // closed by Close; a new one with the next listener
}

// NewFaulty returns an origin with that answer for every request. It does not
// listen yet. A nil clock is time.Now.
func NewFaulty(answer Answer, clock Clock) *Faulty {
	return &Faulty{
		Recording: newRecording(),
		settings:  newSettings(answer),
		clock:     clock.orNow(),
		sockets:   make(map[*conn]struct{}),
		closed:    make(chan struct{}),
	}
}

// Listen accepts connections on a TCP address until Close, and returns as soon
// as it does. Port 0 is any; after a Close, Listen(f.Addr()) is the same
// server come back.
func (f *Faulty) Listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("faulty origin: %w", err)
	}
	f.ListenOn(listener)
	return nil
}

// ListenOn is Listen with a listener of the caller, TLS or in memory for example.
// Close closes it.
func (f *Faulty) ListenOn(listener net.Listener) {
	f.adopt(listener)
	f.running.Go(func() { f.accept(listener) })
}

// Close closes the listeners and every connection, waits for their goroutines,
// and keeps the recording. Faults of one's own must end with Exchange.Closing.
func (f *Faulty) Close() {
	f.mu.Lock()
	if f.closing != nil {
		close(f.closing)
		f.closing = nil
	}
	for _, listener := range f.listeners {
		listener.Close()
	}
	f.listeners = nil
	f.mu.Unlock()
	f.Disconnect()
	f.running.Wait()
}

// Disconnect closes every open connection, idle or not, without a word.
func (f *Faulty) Disconnect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.sockets {
		c.Close()
	}
}

// Addr is the address of the last listener, host and port.
func (f *Faulty) Addr() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.address.String()
}

// URL is http:// and Addr, without a slash at the end.
func (f *Faulty) URL() string { return "http://" + f.Addr() }

// Connections returns how many connections were ever accepted, and how many of
// them are open. One that the client has closed counts as open until the
// origin has noticed.
func (f *Faulty) Connections() (accepted, open int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, len(f.sockets)
}

// AwaitOpen blocks until at most n connections are open, or until the context
// ends, which is an error.
func (f *Faulty) AwaitOpen(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		open, closed := len(f.sockets), f.closed
		f.mu.Unlock()
		if open <= n {
			return nil
		}
		select {
		case <-closed:
		case <-ctx.Done():
			return fmt.Errorf("faulty origin: %d connections are open: %w", open, context.Cause(ctx))
		}
	}
}

func (f *Faulty) adopt(listener net.Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, listener)
	f.address = listener.Addr()
	if f.closing == nil {
		f.closing = make(chan struct{})
	}
}

// accept gives each connection a goroutine of its own, until the listener is
// closed.
func (f *Faulty) accept(listener net.Listener) {
	for {
		socket, err := listener.Accept()
		if err != nil {
			return
		}
		f.open(socket)
	}
}

// open starts the goroutine under the lock, so that Close either waits for it
// or is seen here.
func (f *Faulty) open(socket net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closing == nil {
		socket.Close()
		return
	}
	f.opened++
	c := newConn(f, socket, f.opened, f.closing)
	f.sockets[c] = struct{}{}
	f.running.Go(func() {
		c.serve()
		f.forget(c)
	})
}

func (f *Faulty) forget(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sockets, c)
	close(f.closed)
	f.closed = make(chan struct{})
}
