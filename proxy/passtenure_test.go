package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

// A stream of the origin's own, or a WebSocket, goes on for ever; whoever was let
// in to it by another path does not.
func TestWhatIsPassedOnEndsWithTheConsentToo(t *testing.T) {
	var out atomic.Bool
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.URL.Path == "/me" && out.Load():
			w.WriteHeader(http.StatusUnauthorized)
		case req.URL.Path == "/me":
		case req.Header.Get("Upgrade") != "":
			c, _, _ := w.(http.Hijacker).Hijack()
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
				upgrade.AcceptKey([]byte(req.Header.Get("Sec-WebSocket-Key")))+"\r\n\r\n")
			drip(c, func() {})
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			drip(w, w.(http.Flusher).Flush)
		}
	}))
	t.Cleanup(origin.Close)
	r := newRigFor(t, nil, routeYAML(origin.URL, []string{"share: authorize", "authorize: {path: /me, ttl: 100ms}", "stale_if_error: 0s"}))
	for name, fields := range map[string][]string{
		"a stream":    {"Range", "bytes=0-"},
		"a WebSocket": {"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", sampleKey, "Sec-WebSocket-Protocol", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			out.Store(false)
			c := r.dial()
			if _, err := io.WriteString(c, requestText("GET", "/doc", r.addr, "", fields)); err != nil {
				t.Fatal(err)
			}
			seen := make(chan string, 1)
			go func() {
				all, _ := io.ReadAll(c)
				seen <- string(all)
			}()
			time.Sleep(500 * time.Millisecond) // five times ttl: it goes on while it may
			select {
			case all := <-seen:
				t.Fatalf("it ended early: %q", all)
			default:
			}
			out.Store(true)
			select {
			case all := <-seen:
				if strings.Count(all, "data") < 10 {
					t.Errorf("%q", all)
				}
			case <-time.After(3 * time.Second):
				t.Error("it goes on")
			}
		})
	}
}

// drip writes until nobody reads.
func drip(w io.Writer, flush func()) {
	for {
		if _, err := io.WriteString(w, "data: x\n\n"); err != nil {
			return
		}
		flush()
		time.Sleep(10 * time.Millisecond)
	}
}
