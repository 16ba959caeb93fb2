package fanout_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade/fanout"
)

// board is a source: a number that goes up.
type board struct {
	mu      sync.Mutex
	version int
	changed chan struct{}
}

func newBoard() *board { return &board{changed: make(chan struct{})} }

func (b *board) publish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *board) latest() (int, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version, b.changed
}

// reader is a session that tells a board's number. What is nil has a default;
// what is not replaces it.
type reader struct {
	board *board
	have  int

	next   func() ([]byte, <-chan struct{}, bool)
	sent   func()
	beat   func() ([]byte, bool)
	expire func() []byte
	leave  func() []byte
	heard  func(string) (fanout.Verdict, func())
}

func (r *reader) Next() ([]byte, <-chan struct{}, bool) {
	if r.next != nil {
		return r.next()
	}
	version, changed := r.board.latest()
	if version == r.have {
		return nil, changed, false
	}
	r.have = version
	return fmt.Appendf(nil, "%d\n", version), nil, false
}

func (r *reader) Sent() {
	if r.sent != nil {
		r.sent()
	}
}

func (r *reader) Beat() ([]byte, bool) {
	if r.beat != nil {
		return r.beat()
	}
	return []byte("beat\n"), false
}

func (r *reader) Expire() []byte {
	if r.expire != nil {
		return r.expire()
	}
	return []byte("expired\n")
}

func (r *reader) Leave() []byte {
	if r.leave != nil {
		return r.leave()
	}
	return []byte("goodbye\n")
}

// Heard ends the session when the client says "stop".
func (r *reader) Heard(p []byte) (fanout.Verdict, func()) {
	if r.heard != nil {
		return r.heard(string(p))
	}
	if strings.Contains(string(p), "stop") {
		return fanout.Spoken, nil
	}
	return fanout.Listening, nil
}

// line is what a client heard, and when.
type line struct {
	text string
	at   time.Duration
}

// held is a session on a pipe, in a bubble.
type held struct {
	t      *testing.T
	client net.Conn
	conn   *conn
	ends   chan fanout.End
	calls  atomic.Int32 // of ended

	mu    sync.Mutex
	heard []line
	begin time.Time
}

// conn notes that it was closed.
type conn struct {
	net.Conn
	closed chan struct{}
	once   sync.Once
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *conn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// hold makes an engine hold a session. Its client does not read yet.
func hold(t *testing.T, e *fanout.Engine, s fanout.Session, terms fanout.Terms) *held {
	t.Helper()
	client, server := net.Pipe()
	h := &held{t: t, client: client, conn: &conn{Conn: server, closed: make(chan struct{})}, ends: make(chan fanout.End, 10), begin: time.Now()}
	e.Hold(h.conn, s, terms, func(end fanout.End) {
		h.calls.Add(1)
		h.ends <- end
	})
	t.Cleanup(func() {
		_ = client.Close()
		synctest.Wait()
		if n := h.calls.Load(); n != 1 {
			t.Errorf("ended %d times", n)
		}
		_ = server.Close()
	})
	return h
}

// read lets the client read all that comes.
func (h *held) read() *held {
	go func() {
		for r := bufio.NewReader(h.client); ; {
			text, err := r.ReadString('\n')
			if err != nil {
				return
			}
			h.mu.Lock()
			h.heard = append(h.heard, line{strings.TrimSuffix(text, "\n"), time.Since(h.begin)})
			h.mu.Unlock()
		}
	}()
	return h
}

func (h *held) lines() []line {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]line(nil), h.heard...)
}

// text is all that the client heard.
func (h *held) text() string {
	var words []string
	for _, l := range h.lines() {
		words = append(words, l.text)
	}
	return strings.Join(words, " ")
}

// want waits for the end.
func (h *held) want(end fanout.End) time.Duration {
	h.t.Helper()
	got := <-h.ends
	if got != end {
		h.t.Errorf("ended %v, want %v", got, end)
	}
	synctest.Wait()
	if closed := h.conn.isClosed(); closed != (end != fanout.Done) {
		h.t.Errorf("ended %v, closed %v", got, closed)
	}
	if got == fanout.Done {
		// The connection is as it was: nothing interrupts who reads from it.
		echo := make([]byte, 1)
		go func() { _, _ = h.client.Write([]byte("x")) }()
		if _, err := io.ReadFull(h.conn, echo); err != nil {
			h.t.Errorf("the connection is no good: %v", err)
		}
	}
	return time.Since(h.begin)
}

// reports collects what an engine reports.
type reports struct {
	mu  sync.Mutex
	all []error
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func (r *reports) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(errors.Join(r.all...))
}

func newEngine(t *testing.T) *fanout.Engine {
	return fanout.New(func(err error) { t.Errorf("reported: %v", err) })
}

// bubble runs a story in a bubble of its own, which also finds goroutines that
// are left.
func bubble(t *testing.T, story func(*testing.T, *fanout.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		story(t, e)
		e.Close()
	})
}
