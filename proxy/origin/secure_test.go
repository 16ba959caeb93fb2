package origin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// splitter is a TCP connection below TLS that can hold back what is written to
// it, so that a TLS record travels in two parts.
type splitter struct {
	net.Conn
	mu      sync.Mutex
	holding bool
	held    bytes.Buffer
}

func (s *splitter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding {
		return s.held.Write(p)
	}
	return s.Conn.Write(p)
}

func (s *splitter) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
}

// size is how much is held back.
func (s *splitter) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.Len()
}

// let sends the next n held bytes, in one segment.
func (s *splitter) let(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.Conn.Write(s.held.Next(n))
}

// splitters is a listener of them that keeps the last one.
type splitters struct {
	net.Listener
	mu   sync.Mutex
	last *splitter
}

func (l *splitters) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = &splitter{Conn: c}
	return l.last, nil
}

func (l *splitters) conn() *splitter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// TestHalfAStrayRecordMakesATLSConnectionUnclean has the first half of a stray
// answer's record arrive with the answer before it. Nothing of it can be
// decrypted, and nothing waits on the socket, but it is there.
func TestHalfAStrayRecordMakesATLSConnectionUnclean(t *testing.T) {
	var listener splitters
	r := newTLSRigOn(t, plain("first"), func(l net.Listener) net.Listener { listener.Listener = l; return &listener })
	r.Answer(plain("second"), "/second")
	r.Break(func(x *legacy.Exchange) {
		s := listener.conn()
		s.hold()
		_ = x.Respond(x.Answer())
		first := s.size()
		_ = x.Write([]byte(strayText))
		s.let(first + (s.size()-first)/2)
		_, br := x.Conn()
		_, _ = br.Peek(1) // the client has asked again here, or left
		s.let(s.size())
		x.Close()
	}, "/first")
	r.expect(get("/first"), 200, "first")
	r.expect(get("/second"), 200, "second")
}

// TestATLSBodyThatEndsWithTheConnectionNeedsAGoodbye follows RFC 9112 section
// 9.8: without a close_notify, whoever can cut the connection could cut the
// body.
func TestATLSBodyThatEndsWithTheConnectionNeedsAGoodbye(t *testing.T) {
	answer := plain("hello")
	answer.Header = map[string][]string{"Content-Length": nil}
	r := newTLSRig(t, answer)
	r.expect(get("/"), 200, "hello")
	r.Break(func(x *legacy.Exchange) {
		head, body := x.Render(x.Answer())
		_ = x.Write(append(head, body...))
		c, _ := x.Conn()
		_ = c.(interface{ NetConn() net.Conn }).NetConn().Close()
		x.Close()
	})
	r.expectError(get("/"), ErrTruncated)
	if _, _, err := r.do(get("/")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

// TestGivingUpOnATLSServerThatDoesNotReadTakesNoTime: a goodbye that cannot be
// sent is not waited for.
func TestGivingUpOnATLSServerThatDoesNotReadTakesNoTime(t *testing.T) {
	r := newTLSRig(t, plain("hello"))
	hung := make(chan struct{})
	r.Break(legacy.Unread(func(x *legacy.Exchange) {
		close(hung)
		<-x.Closing()
	}))
	ctx, cancel := context.WithCancel(soon(t))
	body := &countingBody{endless: true}
	ended := make(chan error, 1)
	go func() {
		_, _, err := do(ctx, r.client, post("/", body, -1))
		ended <- err
	}()
	receive(t, "the request", hung)
	body.awaitStall(t)
	began := time.Now()
	cancel()
	if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	r.Faulty.Close() // it would not notice that the client is gone
}

// TestAServerThatNeverShakesHandsIsATimeout: not even for a request that is
// bounded by nothing but its Timeout.
func TestAServerThatNeverShakesHandsIsATimeout(t *testing.T) {
	await.Goroutines(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := NewClient(parseURL(t, "https://"+l.Addr().String()), nil)
	defer client.Close()
	req := get("/")
	req.Timeout = 50 * time.Millisecond
	ended := make(chan error, 1)
	go func() {
		_, _, err := do(t.Context(), client, req)
		ended <- err
	}()
	if err := receive(t, "the end", ended); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestAnUntrustedCertificateIsUnreachable(t *testing.T) {
	r := newTLSRig(t, plain("hello"))
	stranger := NewClient(r.url, nil)
	defer stranger.Close()
	if _, _, err := do(soon(t), stranger, get("/")); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if got := r.Total(); got != 0 {
		t.Errorf("the server got %d requests", got)
	}
}
