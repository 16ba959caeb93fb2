package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// faults are the ways in which an origin fails.
func faults() map[string]legacy.Fault {
	return map[string]legacy.Fault{
		"hung":               legacy.HangBeforeHead(nil),
		"hung in the body":   legacy.HangMidBody(3, nil),
		"dripping":           legacy.Drip(100 * time.Millisecond),
		"reset":              legacy.ResetBeforeHead(),
		"reset in the body":  legacy.ResetMidBody(3),
		"closed":             legacy.CloseBeforeHead(),
		"closed in the head": legacy.CloseMidHead(10),
		"truncated":          legacy.CloseMidBody(3),
		"no last chunk":      legacy.NoLastChunk(),
		"garbage":            legacy.Garbage(),
		"oversized head":     legacy.OversizedHead(100_000),
		"interim for ever":   legacy.Informational(-1, 102),
		"304 to nothing":     legacy.Status(304),
		"304 with a body":    legacy.UnwantedBody(304),
		"hung in the head":   legacy.HangMidHead(10, nil),
		"reset in the head":  legacy.ResetMidHead(10),
		"429":                legacy.RetryAfter(429, time.Second),
		"429 with a date":    legacy.RetryAfterDate(429, time.Second),
		"500":                legacy.Status(500),
		"503":                legacy.RetryAfter(503, time.Second),
		"endless":            legacy.Endless(time.Millisecond),
	}
}

func TestWhileTheOriginFailsPollersGetTheStaleSnapshotAndStreamsSurvive(t *testing.T) {
	sideBySide(t, faults(), func(t *testing.T, name string, fault legacy.Fault) {
		r := newFaultRig(t)
		r.get("/x").want(t, 200, `{"v":1}`)
		s, ws := r.stream("/x", "text/event-stream"), r.socket("/x")
		s.event()
		wantMessage(t, ws, websocket.TextMessage, `{"v":1}`)
		r.origin.Break(fault)
		if got := s.event(); !strings.HasPrefix(got, "event: status\ndata: {\"state\":\"stale\"") {
			t.Fatalf("got %q", got)
		}
		var clients sync.WaitGroup
		for range 20 {
			if name == "endless" {
				break // pollers get it as it is, for ever
			}
			clients.Go(func() {
				a, err := r.try("GET", "/x", "")
				if err != nil || a.StatusCode != 200 || a.body != `{"v":1}` {
					t.Errorf("a poller: %v %.100q, %v", a.Response, a.body, err)
				}
			})
		}
		clients.Wait()
		r.origin.Break(nil)
		r.body(`{"v":2}`)
		wantMessage(t, ws, websocket.TextMessage, `{"v":2}`)
		if got := s.data(); got != `data: {"v":2}` {
			t.Fatalf("after recovery %q", got)
		}
		r.eventually("pollers recover", func() bool { return r.get("/x").Header.Get("Cache-Status") == "pollmux; hit" })
	})
}

// data is the next event that is no status.
func (s *stream) data() string {
	s.t.Helper()
	for {
		if event := s.event(); !strings.HasPrefix(event, "event: status") {
			return event
		}
	}
}

// newFaultRig is a proxy that gives up on a poll soon.
func newFaultRig(t *testing.T, lines ...string) *rig {
	origin := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	yaml := routeYAML(origin.URL(), append([]string{"interval: 50ms", "limits: {snapshot: 1MiB}"}, lines...))
	return newRigFor(t, origin, strings.Replace(yaml, "timeout: 3s", "timeout: 1s", 1))
}

func TestAColdFeedOfAFailingOriginIsAProblemAndRecovers(t *testing.T) {
	sideBySide(t, faults(), func(t *testing.T, name string, fault legacy.Fault) {
		if name == "endless" {
			return // it is streamed through: see TestASnapshotOverTheLimit…
		}
		r := newFaultRig(t)
		r.origin.Break(fault)
		switch a := r.get("/x"); {
		case a.StatusCode != 502 && a.StatusCode != 504 || a.Header.Get("Content-Type") != "application/problem+json":
			t.Errorf("%d %v", a.StatusCode, a.Header)
		}
		r.origin.Break(nil)
		r.eventually("it recovers", func() bool { return r.get("/x").body == `{"v":1}` })
	})
}

func TestAnEventSourceOfADeadOriginIsKeptUntilItLives(t *testing.T) {
	r := newFaultRig(t)
	r.origin.Close()
	s := r.stream("/x", "text/event-stream")
	if got := s.event(); got != "event: status\n"+`data: {"state":"stale","reason":"the origin cannot be reached"}` {
		t.Fatalf("got %q", got)
	}
	if err := r.origin.Listen(r.origin.Addr()); err != nil {
		t.Fatal(err)
	}
	if got := s.data(); got != `data: {"v":1}` {
		t.Fatalf("got %q", got)
	}
}

func TestAFailingOriginGetsNoMorePollsThanAHealthyOne(t *testing.T) {
	sideBySide(t, faults(), func(t *testing.T, name string, fault legacy.Fault) {
		if strings.Contains(name, "hung") || name == "dripping" || name == "endless" {
			return // slower than any pace
		}
		r := newFaultRig(t)
		s := r.stream("/x", "text/event-stream")
		s.event()
		r.origin.Break(fault)
		s.event() // stale
		before, begin := r.polls(), time.Now()
		for time.Since(begin) < time.Second {
			_, _ = r.try("GET", "/x", "")
		}
		most := int(time.Since(begin)/(50*time.Millisecond)) + 1
		if n := r.polls() - before; n > most {
			t.Errorf("%d requests, a healthy one would have got %d", n, most)
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	r := newFaultRig(t)
	s := r.stream("/x", "text/event-stream")
	s.event()
	r.origin.Break(legacy.RetryAfter(429, time.Hour))
	s.event()
	before := r.polls()
	for range 20 {
		r.get("/x").want(t, 200, `{"v":1}`)
	}
	if n := r.polls() - before; n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAWriteIsSentOnceThroughEveryFault(t *testing.T) {
	sideBySide(t, faults(), func(t *testing.T, name string, fault legacy.Fault) {
		r := newFaultRig(t)
		// A connection that was used before, which a library would retry on.
		r.do("POST", "/warm", "x")
		r.origin.Break(fault, "/orders")
		for i := range 5 {
			method := []string{"POST", "PUT", "DELETE", "PATCH", "POST"}[i]
			body := []string{"order", "", strings.Repeat("x", 100_000), "x", ""}[i]
			c := r.dial()
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(c, requestText(method, fmt.Sprintf("/orders?%d", i), r.addr, body, []string{"Idempotency-Key", fmt.Sprint(i), "Connection", "close"}))
			if name == "endless" || name == "dripping" || name == "hung in the body" {
				_, _ = io.CopyN(io.Discard, c, 20)
			} else {
				_, _ = io.Copy(io.Discard, c)
			}
			_ = c.Close()
		}
		seen := map[string]int{}
		for _, request := range r.requestsTo("/orders") {
			seen[request.Target]++
		}
		for target, n := range seen {
			if n != 1 {
				t.Errorf("%s was sent %d times", target, n)
			}
		}
		if len(seen) != 5 {
			t.Errorf("%d of 5 arrived", len(seen))
		}
	})
}

func TestAnAnswerThatIsCutShortIsVisiblyIncomplete(t *testing.T) {
	for name, fault := range map[string]legacy.Fault{"truncated": legacy.CloseMidBody(3), "no last chunk": legacy.NoLastChunk(), "reset": legacy.ResetMidBody(3)} {
		r := newRig(t, "mode: pass")
		r.origin.Break(fault)
		if a, err := r.try("GET", "/x", ""); err == nil {
			t.Errorf("%s: %d %q looks complete", name, a.StatusCode, a.body)
		}
	}
}

func TestAStrayAnswerIsNobodysAnswer(t *testing.T) {
	r := newRig(t, "mode: pass")
	stray := legacy.Answer{Body: []byte("stray")}
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer { return legacy.Answer{Body: []byte(x.Target)} })
	r.origin.Break(legacy.Glued(stray))
	var wrong atomic.Int64
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			for j := range 50 {
				path := fmt.Sprintf("/%d-%d", i, j)
				if a, err := r.try("GET", path, ""); err != nil || a.body != path {
					wrong.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d wrong answers", n)
	}
}

func TestNothingLeaksThroughFaults(t *testing.T) {
	r := newFaultRig(t)
	r.get("/x")
	before := await.Running()
	for _, fault := range faults() {
		r.origin.Break(fault)
		var clients sync.WaitGroup
		for i := range 10 {
			clients.Go(func() {
				c, err := r.connect()
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				accept := []string{"*/*", "text/event-stream", "application/x-ndjson", "multipart/mixed", "*/*"}[i%5]
				method := []string{"GET", "GET", "GET", "GET", "POST"}[i%5]
				_, _ = io.WriteString(c, requestText(method, fmt.Sprintf("/%d", i), r.addr, "", []string{"Accept", accept}))
				_ = c.SetReadDeadline(time.Now().Add(250 * time.Millisecond)) // it leaves, whatever there was
				_, _ = io.CopyN(io.Discard, c, 100)
			})
		}
		clients.Wait()
	}
	r.origin.Break(nil)
	r.eventually("the origin's connections are few", func() bool { _, open := r.origin.Connections(); return open <= 25 })
	r.eventually("nobody is held", func() bool { return r.proxy.waiting() == 0 && r.connections() == 0 })
	// A goroutine per feed that lingers, and what it takes to serve it.
	r.eventually("goroutines are back", func() bool { return await.Running() <= before+20+2*r.proxy.Feeds().Len() })
}

func TestAPortThatNobodyListensOnIsABadGateway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	r := newRigFor(t, nil, routeYAML("http://"+address, nil))
	_ = l.Close() // only now, or the proxy might get the port
	for _, method := range []string{"GET", "POST"} {
		if a := r.do(method, "/x", ""); a.StatusCode != 502 || strings.Contains(a.body, address) {
			t.Errorf("%s: %d %q", method, a.StatusCode, a.body)
		}
	}
	if err := r.proxy.Ready(t.Context()); err == nil {
		t.Error("it says that it is ready")
	}
}
