package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// stages are where a client can be when it vanishes: what it has sent, and the
// fault that its request meets. One that has an answer, or part of it, has read
// the status line.
func stages(host string) map[string]struct {
	sent    string
	fault   legacy.Fault
	answers bool
} {
	get := func(path string, fields ...string) string { return requestText("GET", path, host, "", fields) }
	post := "POST /orders HTTP/1.1\r\nHost: " + host + "\r\n"
	return map[string]struct {
		sent    string
		fault   legacy.Fault
		answers bool
	}{
		"before a byte":            {"", nil, false},
		"in its head":              {"GET /feed HTT", nil, false},
		"in a small body":          {post + "Content-Length: 9\r\n\r\nor", nil, false},
		"in a large body":          {post + "Content-Length: 900000\r\n\r\n" + strings.Repeat("x", 300_000), nil, false},
		"in a chunk":               {post + "Transfer-Encoding: chunked\r\n\r\nfff\r\nor", nil, false},
		"waiting for a poll":       {get("/feed/hung"), legacy.HangBeforeHead(nil), false},
		"waiting for an answer":    {get("/passed"), legacy.HangBeforeHead(nil), false},
		"waiting for a write":      {post + "Content-Length: 5\r\n\r\norder", legacy.HangBeforeHead(nil), false},
		"in an answer":             {get("/passed"), legacy.HangMidBody(3, nil), true},
		"in an endless answer":     {get("/passed"), legacy.Endless(time.Millisecond), true},
		"in a long poll":           {get("/feed", "Prefer", "wait=60", "If-None-Match", "*"), nil, false},
		"in a stream":              {get("/feed", "Accept", "text/event-stream"), nil, true},
		"in a stream of lines":     {get("/feed", "Accept", "application/x-ndjson"), nil, true},
		"in a socket":              {get("/feed", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), nil, true},
		"in a message":             {get("/chat", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") + "\x81\x85\x00\x00\x00\x00or", nil, true},
		"between two requests":     {get("/feed"), nil, true},
		"with a request in flight": {get("/feed") + get("/passed") + get("/pas"), nil, true},
	}
}

// TestAClientMayVanishAtAnyMoment closes in good order and by reset, at every
// stage, and wants everything back that the client had, at both ends.
func TestAClientMayVanishAtAnyMoment(t *testing.T) {
	ways := map[string]func(c wire){
		"FIN": func(c wire) { _ = c.Close() },
		"RST": func(c wire) {
			_ = c.SetLinger(0)
			_ = c.Close()
		},
	}
	for how, leave := range ways {
		for name := range stages("") {
			t.Run(name+" by "+how, func(t *testing.T) {
				t.Parallel()
				r := newOrdealRig(t)
				stage := stages(r.addr)[name]
				r.get("/feed")
				r.get("/passed")
				r.origin.Break(stage.fault)
				for range 5 {
					c := r.dial()
					if _, err := io.WriteString(c, stage.sent); err != nil {
						t.Fatal(err)
					}
					if stage.answers {
						if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
							t.Fatal(err)
						}
					}
					leave(c.(wire))
				}
				// The timers that notice are those of a client that stays silent.
				r.eventually("nobody is held", func() bool { return r.proxy.waiting() == 0 && r.connections() == 0 })
				r.eventually("nobody is counted", func() bool { s := r.stats().Subscribers; return s.Longpoll+s.SSE+s.NDJSON+s.WebSocket == 0 })
				r.origin.Break(nil)
				for _, request := range r.origin.Requests() {
					if request.Path == "/orders" && request.Whole && strings.HasPrefix(name, "in a") {
						t.Errorf("a cut write arrived whole: %q", request.Body)
					}
				}
				r.eventually("a good client is served", func() bool { return r.get("/feed").body == before })
			})
		}
	}
}

// valve is a way to the proxy that somebody can shut: then it neither takes nor
// gives, and says nothing about it, as a client's network that is gone.
type valve struct {
	listener net.Listener
	shut     chan struct{}
}

func newValve(t *testing.T, to string) *valve {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &valve{l, make(chan struct{})}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", to)
			if err != nil {
				_ = c.Close()
				continue
			}
			t.Cleanup(func() { _, _ = c.Close(), up.Close() })
			go v.pump(up, c)
			go v.pump(c, up)
		}
	}()
	return v
}

func (v *valve) pump(to io.Writer, from io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		select {
		case <-v.shut:
			return
		default:
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

// TestAClientWhoseNetworkIsGoneIsGivenUp: it says neither goodbye nor that it
// takes no more, and costs nobody anything until then.
func TestAClientWhoseNetworkIsGoneIsGivenUp(t *testing.T) {
	for name, fields := range map[string][]string{
		"sse":       {"Accept", "text/event-stream"},
		"ndjson":    {"Accept", "application/x-ndjson"},
		"multipart": {"Accept", "multipart/mixed"},
		"websocket": {"Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "interval: 10ms", "timeouts: {write: 300ms}", "websocket: {ping: 1h}")
			v := newValve(t, r.addr)
			c, err := net.Dial("tcp", v.listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, requestText("GET", "/x", r.addr, "", fields))
			if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
				t.Fatal(err)
			}
			close(v.shut)
			s := r.stream("/x", "text/event-stream")
			for version, deadline := 0, time.Now().Add(await.Patience); r.connections() > 1; version++ {
				if time.Now().After(deadline) {
					t.Fatal("it is held still")
				}
				want := fmt.Sprintf(`"%d%s"`, version, strings.Repeat("x", 512<<10))
				r.body(want)
				begin := time.Now()
				for s.data() != "data: "+want {
				}
				if took := time.Since(begin); took > await.Patience/3 {
					t.Errorf("somebody else waited %v for a version", took)
				}
			}
			_ = s.conn.Close()
			r.eventually("nobody is held", func() bool { return r.connections() == 0 })
		})
	}
}
