package origin

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// warm leaves n idle connections in the pool, each used once, and forgets the
// requests.
func (r *rig) warm(n int) {
	r.t.Helper()
	r.Clear()
	letGo := make(chan struct{})
	r.Break(legacy.HangBeforeHead(letGo), "/warm")
	ended := make(chan error, n)
	for range n {
		go func() {
			_, _, err := do(soon(r.t), r.client, get("/warm"))
			ended <- err
		}()
	}
	if _, err := r.Await(soon(r.t), n); err != nil {
		r.t.Fatal(err)
	}
	close(letGo)
	for range n {
		if err := receive(r.t, "a warm-up", ended); err != nil {
			r.t.Fatal(err)
		}
	}
	if got := r.idle(); got != n {
		r.t.Fatalf("%d idle connections instead of %d", got, n)
	}
	r.Clear()
}

// TestARequestIsRepeatedOnlyIfThatIsSafe counts what the server sees of
// requests to which it closes the connection without a word (RFC 9110 section
// 9.2.2, CORRECTNESS H-21).
func TestARequestIsRepeatedOnlyIfThatIsSafe(t *testing.T) {
	large := strings.Repeat("x", 3*uploadChunk)
	requests := map[string]struct {
		make         func() *Request
		fresh, reuse int
	}{
		"a passed GET": {func() *Request { return safe("/") }, 1, 2},
		"a passed HEAD": {func() *Request {
			return &Request{Method: "HEAD", Head: headOf("HEAD", "/"), Timeout: await.Patience, Repeat: true}
		}, 1, 2},
		"a poll": {func() *Request { return get("/") }, 1, 1},
		"a POST without a body": {func() *Request {
			return &Request{Method: "POST", Head: headOf("POST", "/", "Content-Length: 0"), Timeout: await.Patience}
		}, 1, 1},
		"a PUT without a body": {func() *Request {
			return &Request{Method: "PUT", Head: headOf("PUT", "/", "Content-Length: 0"), Timeout: await.Patience}
		}, 1, 1},
		"a POST of no bytes":      {func() *Request { return post("/", strings.NewReader(""), 0) }, 1, 1},
		"a POST with a body":      {func() *Request { return post("/", strings.NewReader("hello"), 5) }, 1, 1},
		"a POST of 8 KiB":         {func() *Request { return post("/", strings.NewReader(large[:smallBody]), smallBody) }, 1, 1},
		"a POST of 8 KiB and 1":   {func() *Request { return post("/", strings.NewReader(large[:smallBody+1]), smallBody+1) }, 1, 1},
		"a POST with a large one": {func() *Request { return post("/", strings.NewReader(large), int64(len(large))) }, 1, 1},
		"a POST in chunks":        {func() *Request { return post("/", strings.NewReader(large), -1) }, 1, 1},
	}
	for _, fault := range []struct {
		name string
		legacy.Fault
	}{{"FIN", legacy.CloseBeforeHead()}, {"RST", legacy.ResetBeforeHead()}} {
		for name, c := range requests {
			t.Run(name+" "+fault.name, func(t *testing.T) {
				r := newRig(t, plain("good"))
				r.Break(fault.Fault, "/")
				r.expectError(c.make(), ErrTruncated)
				if got := r.Total(); got != c.fresh {
					t.Errorf("a fresh connection: %d requests, want %d", got, c.fresh)
				}
				r.warm(3) // if it went on to try them all, it would show
				r.expectError(c.make(), ErrTruncated)
				if got := r.Total(); got != c.reuse {
					t.Errorf("a used connection: %d requests, want %d", got, c.reuse)
				}
			})
		}
	}
}

func TestARepeatedRequestGetsItsAnswer(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		r.warm(1)
		r.Break(legacy.Times(1, legacy.CloseBeforeHead()), "/")
		r.expect(safe("/"), 200, "good")
		requests := r.Requests()
		if len(requests) != 2 || requests[0].Conn == requests[1].Conn || string(requests[0].Head) != string(requests[1].Head) {
			t.Errorf("got %+v", requests)
		}
	})
}

// TestNothingIsRepeatedOnceAnAnswerBegan, not even a safe request on a used
// connection: what began may have had an effect on somebody.
func TestNothingIsRepeatedOnceAnAnswerBegan(t *testing.T) {
	faults := map[string]legacy.Fault{
		"a byte":             legacy.CloseMidHead(1),
		"half a head":        legacy.CloseMidHead(20),
		"an interim answer":  legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\n\r\n")),
		"garbage":            legacy.Garbage(),
		"half a body":        legacy.CloseMidBody(2),
		"a reset in a body":  legacy.ResetMidBody(2),
		"a failing answer":   legacy.Status(503),
		"an oversized head":  legacy.OversizedHead(maxHead),
		"a body without end": legacy.NoLastChunk(),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			r.warm(2)
			r.Break(fault, "/")
			_, _, _ = r.do(safe("/"))
			if got := r.Total(); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestASlowAnswerIsNotRepeated(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(2)
	r.Break(legacy.HangBeforeHead(nil), "/")
	req := safe("/")
	req.Timeout = 50 * time.Millisecond
	r.expectError(req, ErrTimeout)
	if got := r.Total(); got != 1 {
		t.Errorf("%d requests", got)
	}
}

func TestWhoeverGaveUpIsNotRepeated(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(2)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the client left")
	r.Break(func(x *legacy.Exchange) {
		cancel(gone)
		x.Wait(nil)
		x.Close()
	}, "/")
	if _, _, err := do(ctx, r.client, safe("/")); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	if got := r.Total(); got != 1 {
		t.Errorf("%d requests", got)
	}
}

// TestClosedIdleConnectionsAreReplacedWithoutARetry: nothing is written to them,
// so that even a write can go on.
func TestClosedIdleConnectionsAreReplacedWithoutARetry(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		const n = 5
		r.warm(n)
		r.Disconnect()
		await.Until(t, "all connections are seen to be closed", func() bool {
			r.client.pool.mu.Lock()
			defer r.client.pool.mu.Unlock()
			for _, c := range r.client.pool.idle {
				if c.socket.silent() {
					return false
				}
			}
			return true
		})
		r.expect(post("/", strings.NewReader("hello"), 5), 200, "good")
		if got := r.Total(); got != 1 {
			t.Errorf("%d requests", got)
		}
		if got := r.connections(); got != n+1 {
			t.Errorf("%d connections", got)
		}
	})
}

// deafConn is a connection that breaks before it takes a byte.
type deafConn struct {
	*net.TCPConn
	wrote *atomic.Int64 // how often it was tried
}

func (c deafConn) Write([]byte) (int, error) {
	c.wrote.Add(1)
	return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
}

// TestWhatNeverLeftMayGoAgain: a connection that takes no byte of a request
// says nothing about the request.
func TestWhatNeverLeftMayGoAgain(t *testing.T) {
	for name, req := range map[string]func() *Request{
		"a poll": func() *Request { return get("/") },
		"a DELETE": func() *Request {
			return &Request{Method: "DELETE", Head: headOf("DELETE", "/"), Timeout: await.Patience}
		},
		"a POST, with its body": func() *Request { return post("/", strings.NewReader("hello"), 5) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, plain("good"))
			socket, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			deaf := deafConn{socket.(*net.TCPConn), new(atomic.Int64)}
			r.client.pool.put(newConn(deaf, time.Now()))
			r.expect(req(), 200, "good")
			if got := deaf.wrote.Load(); got != 1 {
				t.Errorf("the first connection was written to %d times", got)
			}
			if got := r.Total(); got != 1 {
				t.Errorf("%d requests", got)
			}
		})
	}
}
