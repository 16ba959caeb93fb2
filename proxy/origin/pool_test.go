package origin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestHowLongAConnectionIsUsable(t *testing.T) {
	now := time.Now()
	cases := map[string]struct {
		age, idle, limit time.Duration
		want             bool
	}{
		"new":                            {0, 0, 0, true},
		"idle for a while":               {time.Minute, idleTime - 1, 0, true},
		"idle for too long":              {time.Minute, idleTime, 0, false},
		"old":                            {maxAge - 1, 0, 0, true},
		"too old":                        {maxAge, 0, 0, false},
		"within the server's limit":      {time.Minute, 4*time.Second - 1, 5 * time.Second, true},
		"a second before that limit":     {time.Minute, 4 * time.Second, 5 * time.Second, false},
		"the server's limit is a second": {0, 0, time.Second, false},
		"the server's limit is longer":   {time.Minute, idleTime, time.Hour, false},
	}
	for name, c := range cases {
		cn := &conn{born: now.Add(-c.age), idle: now.Add(-c.idle), limit: c.limit}
		if got := cn.usable(now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheServersKeepAliveHintIsKept(t *testing.T) {
	cases := map[string]time.Duration{
		"timeout=5":             5 * time.Second,
		"timeout=5, max=100":    5 * time.Second,
		"max=100, TIMEOUT=7":    7 * time.Second,
		"timeout=":              0,
		"timeout=-1":            0,
		"timeout=x":             0,
		"timeout=1e3":           0,
		"timeout=9999999999999": 0,
		"max=5":                 0,
	}
	for value, want := range cases {
		r := newRig(t, legacy.Answer{Header: http.Header{"Keep-Alive": {value}}})
		r.expect(get("/"), 200, "")
		if got := r.client.pool.pop(); got == nil || got.limit != want {
			t.Errorf("%q: %+v, want %v", value, got, want)
		} else {
			_ = got.Close()
		}
	}
}

func TestTheConnectionUsedLastIsUsedFirst(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(3)
	for range 5 {
		r.expect(get("/"), 200, "good")
	}
	requests := r.Requests()
	for _, request := range requests {
		if request.Conn != requests[0].Conn {
			t.Errorf("connection %d, then %d", requests[0].Conn, request.Conn)
		}
	}
	if got := r.idle(); got != 3 {
		t.Errorf("%d idle connections", got)
	}
}

// age makes the idle connections older.
func (r *rig) age(by time.Duration) {
	p := r.client.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.idle = c.idle.Add(-by)
	}
}

// reaping reports whether somebody will look at the idle connections.
func (r *rig) reaping() bool {
	p := r.client.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reaper != nil
}

func TestConnectionsThatWereIdleForTooLongAreClosed(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		r.warm(3)
		r.client.pool.reap()
		if got := r.idle(); got != 3 || !r.reaping() {
			t.Fatalf("%d idle connections, reaping: %v", got, r.reaping())
		}
		r.age(idleTime)
		r.client.pool.reap()
		if got := r.idle(); got != 0 || r.reaping() {
			t.Errorf("%d idle connections, reaping: %v", got, r.reaping())
		}
		if err := r.AwaitOpen(soon(t), 0); err != nil {
			t.Error(err)
		}
		r.expect(get("/"), 200, "good")
		if !r.reaping() {
			t.Error("nobody will look at the idle connection")
		}
	})
}

// TestConnectionsThatTheServerClosedAreClosed: a server that keeps them for a
// few seconds must not leave a pool full of descriptors.
func TestConnectionsThatTheServerClosedAreClosed(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(1)
	r.Disconnect()
	r.awaitUnclean()
	r.client.pool.reap()
	if got := r.idle(); got != 0 || r.reaping() {
		t.Errorf("%d idle connections, reaping: %v", got, r.reaping())
	}
}

func TestAnOldConnectionIsNotUsedAgain(t *testing.T) {
	r := newRig(t, plain("good"))
	r.warm(1)
	r.age(idleTime)
	r.expect(get("/"), 200, "good")
	if got := r.connections(); got != 2 {
		t.Errorf("%d connections", got)
	}
}

func TestThePoolHasALimit(t *testing.T) {
	const more = 8
	r := newRig(t, plain("good"))
	letGo := make(chan struct{})
	r.Break(legacy.HangBeforeHead(letGo))
	var wait sync.WaitGroup
	for range maxIdle + more {
		wait.Go(func() { r.expect(get("/"), 200, "good") })
	}
	if _, err := r.Await(soon(t), maxIdle+more); err != nil {
		t.Fatal(err)
	}
	close(letGo)
	wait.Wait()
	if err := r.AwaitOpen(soon(t), maxIdle); err != nil || r.idle() != maxIdle {
		t.Errorf("%d idle connections, %v", r.idle(), err)
	}
}

func TestCloseClosesWhatIsIdleAndKeepsNothingMore(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		r.warm(2)
		letGo := make(chan struct{})
		r.Break(legacy.HangBeforeHead(letGo), "/slow")
		ended := make(chan error, 1)
		go func() {
			_, _, err := do(soon(t), r.client, get("/slow"))
			ended <- err
		}()
		if _, err := r.Await(soon(t), 1); err != nil {
			t.Fatal(err)
		}
		r.client.Close()
		r.client.Close()
		if err := r.AwaitOpen(soon(t), 1); err != nil {
			t.Error(err)
		}
		close(letGo)
		if err := receive(t, "the exchange under way", ended); err != nil {
			t.Error(err)
		}
		r.expect(get("/"), 200, "good")
		if err := r.AwaitOpen(soon(t), 0); err != nil {
			t.Error(err)
		}
		if r.reaping() {
			t.Error("somebody will look at idle connections")
		}
	})
}

func TestReachSaysWhetherThereIsAServer(t *testing.T) {
	eachTransport(t, plain("good"), func(t *testing.T, r *rig) {
		if err := r.client.Reach(soon(t)); err != nil {
			t.Fatal(err)
		}
		if got := r.Total(); got != 0 || r.idle() != 1 {
			t.Errorf("%d requests, %d idle connections", got, r.idle())
		}
		r.expect(get("/"), 200, "good")
		if got := r.connections(); got != 1 {
			t.Errorf("%d connections", got)
		}
		r.Faulty.Close()
		if err := r.client.Reach(soon(t)); !errors.Is(err, ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReachEndsWithItsContext(t *testing.T) {
	r := newRig(t, plain("good"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	if err := r.client.Reach(ctx); !errors.Is(err, errGone) {
		t.Errorf("got %v", err)
	}
	ctx, stop := context.WithDeadline(t.Context(), time.Now())
	defer stop()
	if err := r.client.Reach(ctx); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	r := newRig(t, plain("good"))
	r.Faulty.Close()
	for _, req := range []*Request{get("/"), safe("/"), post("/", &countingBody{endless: true}, -1)} {
		r.expectError(req, ErrUnreachable)
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"http://a": "a:80", "https://a": "a:443", "http://a:1": "a:1", "https://a:1/x": "a:1", "http://[::1]": "[::1]:80", "http://[::1]:1": "[::1]:1", "http://127.0.0.1": "127.0.0.1:80",
	} {
		if d := newPool(parseURL(t, text), nil, newNames(parseURL(t, text).Hostname())).dialer; net.JoinHostPort(d.names.host, d.port) != want {
			t.Errorf("%s: %s, port %s, want %s", text, d.names.host, d.port, want)
		}
	}
}

func TestAClientServesManyAtOnce(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	eachTransport(t, legacy.Answer{}, func(t *testing.T, r *rig) {
		r.AnswerFunc(echo)
		var wait sync.WaitGroup
		for c := range 16 {
			wait.Go(func() {
				for i := range rounds {
					target := fmt.Sprintf("/%d/%d-%d", c, i, i*97%9000)
					if _, body, err := r.do(get(target)); err != nil || body != echoed(target) {
						t.Errorf("%s: got %.80q, %v", target, body, err)
						return
					}
				}
			})
		}
		wait.Wait()
		if got := r.connections(); got > 16 {
			t.Errorf("%d connections", got)
		}
	})
}

// TestWithoutASocketToLookAtNothingIsUsedAgain: what cannot be seen to be clean
// is not.
func TestWithoutASocketToLookAtNothingIsUsedAgain(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	p := newPool(parseURL(t, "http://a"), nil, newNames("a"))
	defer p.close()
	p.put(newConn(client, time.Now()))
	if c := p.take(time.Now(), true); c != nil {
		t.Error("it is")
	}
}
