package proxy

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
)

func TestBeyondTheLimitOnSubscribersNobodyIsHeldAndPollsGoOn(t *testing.T) {
	r := newRig(t, "limits: {subscribers: 3}", "interval: {min: 1h, max: 2h}")
	etag := r.get("/x").Header.Get("ETag")
	var held []*stream
	for range 3 {
		held = append(held, r.stream("/x", "text/event-stream"))
	}
	long := r.get("/x", "Prefer", "wait=30", "If-None-Match", etag).want(t, 304, "")
	if long.Header.Get("Retry-After") != "3600" || long.Header.Get("Preference-Applied") != "" {
		t.Errorf("a long poll: %v", long.Header)
	}
	r.get("/x", "Prefer", "wait=30").want(t, 200, `{"v":1}`)
	r.get("/x").want(t, 200, `{"v":1}`)
	if a := r.get("/x", "Accept", "text/event-stream"); a.StatusCode != 200 || !strings.Contains(a.body, "retry: 1") {
		t.Errorf("an EventSource: %d %q", a.StatusCode, a.body)
	}
	for _, accept := range []string{"application/x-ndjson", "multipart/mixed"} {
		if a := r.get("/x", "Accept", accept); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", accept, a.StatusCode, a.Header)
		}
	}
	if _, resp, err := r.handshake("/x"); err != websocket.ErrBadHandshake || resp.StatusCode != 503 {
		t.Errorf("a WebSocket: %v, %v", resp, err)
	}
	if hits := r.hits("subscribers"); hits != 5 {
		t.Errorf("%d hits", hits)
	}
	_ = held[0].conn.Close()
	r.eventually("there is room again", func() bool { return r.stats().Subscribers.SSE == 2 })
	r.stream("/x", "text/event-stream").event()
}

func TestATenthOfTheConnectionsIsKeptForPolls(t *testing.T) {
	r := newRig(t, "limits: {connections: 20}", "interval: 1h")
	for range 18 {
		r.stream("/x", "application/x-ndjson")
	}
	if a := r.get("/x", "Accept", "application/x-ndjson"); a.StatusCode != 503 {
		t.Errorf("the 19th: %d", a.StatusCode)
	}
	for range 50 {
		r.get("/x").want(t, 200, `{"v":1}`)
		r.eventually("its connection makes room", func() bool { return r.connections() == 18 })
	}
	for _, test := range []struct{ connections, subscribers, want int }{{0, 0, 0}, {0, 7, 7}, {100, 0, 90}, {100, 500, 500}, {5, 0, 5}} {
		if c := newCrowd(config.Limits{Connections: test.connections, Subscribers: test.subscribers}); c.most != test.want {
			t.Errorf("%+v: %d", test, c.most)
		}
	}
}

// One client cannot have everything polled, nor use up the feeds that others
// need.
func TestOneAddressKeepsOnlySoManyFeedsPolled(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "limits: {feeds: 6, feeds_per_ip: 3}", "interval: 20ms", "linger: 0s")
	etag := r.get("/3").Header.Get("ETag")
	var held []*stream
	for i := range 3 {
		held = append(held, r.stream(fmt.Sprintf("/%d", i), "text/event-stream"), r.stream(fmt.Sprintf("/%d", i), "text/event-stream"))
	}
	if a := r.get("/3", "Accept", "text/event-stream"); a.StatusCode != 200 || !strings.Contains(a.body, "retry: 1") {
		t.Errorf("an EventSource: %d %q", a.StatusCode, a.body)
	}
	if a := r.get("/3", "Accept", "application/x-ndjson"); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a stream: %d %v", a.StatusCode, a.Header)
	}
	if a := r.get("/3", "Prefer", "wait=30", "If-None-Match", etag); a.StatusCode != 304 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a long poll: %d %v", a.StatusCode, a.Header)
	}
	r.get("/3").want(t, 200, `{"v":1}`)
	r.stream("/2", "text/event-stream").event() // one more of the same
	if hits := r.hits("feeds_per_ip"); hits != 3 {
		t.Errorf("%d hits", hits)
	}
	other := r.dialFrom("127.0.0.2")
	if a, err := r.ask(other, "/3", "Prefer", "wait=1", "If-None-Match", etag); err != nil || a.StatusCode != 304 || a.Header.Get("Preference-Applied") == "" {
		t.Errorf("somebody else: %v, %v", a.Response, err)
	}
	for _, s := range held[:2] {
		_ = s.conn.Close()
	}
	r.eventually("there is room again", func() bool { return r.stats().Subscribers.SSE == 5 })
	r.stream("/3", "text/event-stream").event()
}

func TestTheCrowdForgetsWhoLeaves(t *testing.T) {
	r := newRig(t, "limits: {subscribers: 40, feeds_per_ip: 10}", "interval: 10ms")
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for j := range 20 {
				c, err := r.connect()
				if err != nil {
					t.Error(err)
					return
				}
				accept := []string{"text/event-stream", "application/x-ndjson", "multipart/mixed", "*/*"}[j%4]
				_, _ = io.WriteString(c, requestText("GET", fmt.Sprintf("/%d", (i+j)%15), r.addr, "", []string{"Accept", accept}))
				_, _ = io.CopyN(io.Discard, c, 1+rand.Int64N(150))
				_ = c.Close()
			}
		})
	}
	clients.Wait()
	c := r.proxy.crowd
	await.Until(t, "nobody is left", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.held == 0 && len(c.feeds) == 0
	})
}
