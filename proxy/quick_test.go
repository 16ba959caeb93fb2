package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAQuickAnswerIsTheSameAsAnother(t *testing.T) {
	r := newRig(t, "interval: 1h", "wait_query: wait", "transport_query: as", "key: {headers: [X-Tenant], ignore_query: [_]}")
	r.body(`{"v":1}`, "Cache-Control", "max-age=60", "Vary", "X-Tenant", "X-Kept", "yes", "Access-Control-Allow-Origin", "*",
		"Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT", "Expires", "Mon, 02 Jan 2106 15:04:05 GMT")
	n := r.counted()
	etag := r.get("/a").want(t, 200, `{"v":1}`).Header.Get("ETag")
	r.get("/a", "X-Tenant", "7")
	c := r.pipe()
	for _, fields := range [][]string{
		nil,
		{"If-None-Match", etag},
		{"If-None-Match", `"other", W/` + etag},
		{"If-None-Match", "*"},
		{"If-None-Match", `"other"`},
		{"If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT"},
		{"If-Modified-Since", "Mon, 02 Jan 2005 15:04:05 GMT"},
		{"X-Tenant", "7"},
		{"Connection", "keep-alive"},
		{"Cache-Control", "only-if-cached"},
		{"Accept", "*/*", "User-Agent", "x", "Accept-Encoding", "gzip"},
		{"X-Forwarded-For", "192.0.2.1"},
	} {
		text := r.text("/a?_=5", fields...)
		before := n.now()
		c.ask(text)
		c.ask(text)
		c.ask(text)
		first := c.ask(text) // what is known of the one before it is used
		n.want(text, before+4)
		second := c.ask(text[:1], text[1:])
		n.want("in two parts", before+4)
		if first.StatusCode != second.StatusCode || first.body != second.body || !reflect.DeepEqual(first.Header, second.Header) || first.ContentLength != second.ContentLength {
			t.Errorf("%q: %d %v %q, and not %d %v %q", fields, first.StatusCode, first.Header, first.body, second.StatusCode, second.Header, second.body)
		}
	}
	if n := r.polls(); n != 2 {
		t.Errorf("the origin got %d requests", n)
	}
	if s := r.stats(); s.SavedRequestsMeasured != 60 || s.ClientRequests.Poll != 62 {
		t.Errorf("account: %+v", s)
	}
}

// Whatever could mean something else to somebody is read by those who look closer.
func TestNothingButAWholePollIsAnsweredQuickly(t *testing.T) {
	r := newRig(t, "interval: 1h", "serve: [poll, longpoll, sse]")
	n := r.counted()
	r.get("/a").want(t, 200, `{"v":1}`)
	host := "Host: " + r.addr + "\r\n"
	for _, text := range []string{
		"HEAD /a HTTP/1.1\r\n" + host + "\r\n",
		"GET /a HTTP/1.0\r\n" + host + "\r\n",
		"GET /b HTTP/1.1\r\n" + host + "\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Connection: X-A\r\nX-A: 1\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx",
		"GET /a HTTP/1.1\r\n" + host + "Content_Length: 0\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Expect: 100-continue\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "CDN-Loop: " + r.proxy.loopID + "\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Range: bytes=0-1\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Cookie: sid=0123456789abcdef\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "Authorization: Bearer 0123456789abcdef\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "X-Other: 1\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "X-A: 1\r\n 2\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "X-A : 1\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "X-A: 1\rX-B: 2\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "User-Agent: a\nX-B: 2\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + "User-Agent: a\x00\r\n\r\n",
		"GET /a HTTP/1.1\n" + host + "\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + host + "\r\n",
		"GET /a HTTP/1.1\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: user@" + r.addr + "\r\n\r\n",
		"GET  /a HTTP/1.1\r\n" + host + "\r\n",
		"GET /a  HTTP/1.1\r\n" + host + "\r\n",
		"GET /a HTTP/1.1 \r\n" + host + "\r\n",
		"GET /a#b HTTP/1.1\r\n" + host + "\r\n",
		"GET //a HTTP/1.1\r\n" + host + "\r\n",
		"GET /./a HTTP/1.1\r\n" + host + "\r\n",
		"GET /%61 HTTP/1.1\r\n" + host + "\r\n",
		"GET http://" + r.addr + "/a HTTP/1.1\r\n" + host + "\r\n",
		"\r\nGET /a HTTP/1.1\r\n" + host + "\r\n",
		"GET /a HTTP/1.1\r\n" + host + "\r\nGET /a HTTP/1.1\r\n" + host + "\r\n",
		"GET /a HTTP/1.1\r\n" + host + "\r\n\r\n",
		"GET /a HTTP/1.1\r\n" + host + strings.Repeat("Accept: */*\r\n", 101) + "\r\n",
		"GET /a HTTP/1.1\r\n" + host + "X-HTTP-Method-Override: DELETE\r\n\r\n", // the last one: behind a write, nothing is
	} {
		c := r.pipe()
		before := n.now()
		c.ask(r.text("/a")).want(t, 200, `{"v":1}`)
		n.want("first", before+1)
		c.ask(text)
		n.want(text, before+1)
		_ = c.Close()
	}
}

func TestASecondRequestThatCameWithTheFirstIsAnsweredBehindIt(t *testing.T) {
	r := newRig(t, "interval: 1h")
	n := r.counted()
	r.get("/a")
	c := r.pipe()
	go func() { _, _ = io.WriteString(c.Conn, r.text("/a")+r.text("/b")+r.text("/a")[:20]) }() // ended by the last answer
	for _, hit := range []string{"pollmux; hit", "pollmux; fwd=miss; stored"} {
		answer, err := readReply(c.Reader, "GET")
		if err != nil || answer.Header.Get("Cache-Status") != hit {
			t.Fatalf("%v, %v", answer.Header, err)
		}
	}
	c.ask(r.text("/a")[20:])
	c.ask(r.text("/a"))
	n.want("in all", 1)
}

func TestAConnectionServesQuickAndOtherRequestsInTurn(t *testing.T) {
	r := newRig(t, "interval: 1h")
	n := r.counted()
	r.get("/a")
	c := r.pipe()
	for i := range 10 {
		c.ask(r.text("/a")).want(t, 200, `{"v":1}`)
		c.ask(r.text(fmt.Sprintf("/%d", i))).want(t, 200, `{"v":1}`)
		c.ask("POST /w HTTP/1.1\r\nHost: "+r.addr+"\r\nContent-Length: 2\r\n\r\n", "ab")
		c.ask("POST /w HTTP/1.1\r\nHost: " + r.addr + "\r\nContent-Length: 2\r\n\r\nab")
		c.ask(r.text("/a")).want(t, 200, `{"v":1}`)
	}
	n.want("in all", 20)
}

func TestALargeSnapshotIsWholeWhenItIsAnsweredQuickly(t *testing.T) {
	r := newRig(t, "interval: 1h")
	n := r.counted()
	for i, size := range []int{0, 1, quickCopy - 1, quickCopy, quickCopy + 1, 1 << 20} {
		path, body := fmt.Sprintf("/%d", size), strings.Repeat("x", size)
		r.body(body)
		r.get(path).want(t, 200, body)
		r.get(path).want(t, 200, body)
		n.want(path, int64(i+1))
	}
}

func TestAClientBehindATrustedProxyHasItsLimitQuickOrNot(t *testing.T) {
	r := newRig(t, "interval: 1h", "trusted_proxies: [127.0.0.0/8]", "limits: {connections_per_ip: 1}")
	n := r.counted()
	r.get("/a", "X-Forwarded-For", "192.0.2.1").want(t, 200, `{"v":1}`)
	r.get("/a", "X-Forwarded-For", "192.0.2.1").want(t, 200, `{"v":1}`)
	n.want("in all", 1)
	stream := r.dial()
	_, _ = io.WriteString(stream, r.text("/a", "Accept", "text/event-stream", "X-Forwarded-For", "192.0.2.1"))
	if _, err := http.ReadResponse(bufio.NewReader(stream), nil); err != nil {
		t.Fatal(err)
	}
	if a := r.get("/a", "X-Forwarded-For", "192.0.2.1"); a.StatusCode != 429 {
		t.Errorf("beyond its limit it gets %d", a.StatusCode)
	}
	r.get("/a", "X-Forwarded-For", "192.0.2.2").want(t, 200, `{"v":1}`)
}

func TestAWriteIsSeenByThePollBehindItOnTheSameConnection(t *testing.T) {
	r := newRig(t, "interval: 1h")
	c := r.pipe()
	c.ask(r.text("/a")).want(t, 200, `{"v":1}`)
	c.ask(r.text("/a")).want(t, 200, `{"v":1}`)
	r.body(`{"v":2}`)
	c.ask("PUT /a HTTP/1.1\r\nHost: " + r.addr + "\r\nContent-Length: 2\r\n\r\nab")
	c.ask(r.text("/a")).want(t, 200, `{"v":2}`)
}

func TestAShutdownDoesNotWaitForThoseWhoWereAnsweredQuickly(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/a")
	c := r.dial()
	br := bufio.NewReader(c)
	for range 3 {
		_, _ = io.WriteString(c, r.text("/a"))
		if _, err := readReply(br, "GET"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second) // fasthttp would give it five
	defer cancel()
	if err := r.proxy.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if _, err := br.ReadByte(); err != io.EOF {
		t.Errorf("the client sees %v", err)
	}
}

// An answer that is under way when the proxy stops is sent to its end.
func TestAQuickAnswerIsNotCutByAShutdown(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	r := newRig(t, "interval: 1h")
	r.body(body)
	r.get("/a")
	c := r.pipe()
	_, _ = io.WriteString(c.Conn, r.text("/a"))
	first, err := c.ReadByte() // of the answer, which fits into nothing
	if err != nil || first != 'H' {
		t.Fatal(err)
	}
	_ = c.UnreadByte()
	stopped := make(chan error, 1)
	go func() { stopped <- r.proxy.Shutdown(context.Background()) }()
	r.eventually("it stops", r.proxy.Draining)
	if answer, err := readReply(c.Reader, "GET"); err != nil || answer.body != body {
		t.Errorf("%d bytes, %v", len(answer.body), err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAPanicInAQuickAnswerCostsThatClientOnly(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/a")
	wire := &parrot{request: []byte(r.text("/a")), left: 1, mute: true}
	c := r.proxy.gate.admit(wire)
	if _, err := c.Read(make([]byte, 4096)); !errors.Is(err, net.ErrClosed) || !wire.closed {
		t.Errorf("%v, and it is closed: %v", err, wire.closed)
	}
	if !strings.Contains(r.log.String(), "panic") {
		t.Error("nobody is told")
	}
	r.log = &await.Log{}
	r.get("/a").want(t, 200, `{"v":1}`)
}

func TestOfSeveralRoutesThoseThatShareOrPassAreQuick(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	const coalesced = ", upstream: api, interval: 1h}\n"
	r := newRigFor(t, origin, fmt.Sprintf("upstreams:\n  api:\n    servers: [%q]\nroutes:\n", origin.URL())+
		"  - {path: /passed/**, upstream: api, mode: observe}\n"+
		"  - {path: /sent/**, upstream: api, mode: pass}\n"+
		"  - {path: /*/let-in, upstream: api, interval: 1h, share: authorize}\n"+
		"  - {path: /polled/**, host: other.example"+coalesced+
		"  - {path: /polled/secret, upstream: api, mode: observe}\n"+
		"  - {path: /polled/**"+coalesced)
	for path, quick := range map[string]int64{
		"/passed/a": 0, "/polled/let-in": 0, "/polled/secret": 0, "/polled/a": 1, "/polled/a?b=/passed/a": 1, "/polled": 1, "/none": 0, "/sent/a": 1,
	} {
		c := r.pipe()
		c.ask(r.text(path))
		c.ask(r.text("/passed/b"))
		n := r.counted()
		c.ask(r.text(path))
		c.ask(r.text("/passed/b")) // by then the other is counted
		n.want(path, quick)
		_ = c.Close()
	}
}

// Whether a client is let in is not for a snapshot to say.
func TestWhoHasToBeLetInIsNotAnsweredQuickly(t *testing.T) {
	for _, line := range []string{"authorize: {ttl: 1h}", "authorize: {path: /me, ttl: 1h}"} {
		r := newRig(t, "interval: 1h", "share: authorize", line)
		n, c := r.counted(), r.pipe()
		for range 3 {
			c.ask(r.text("/a", "Authorization", "Bearer 0123456789abcdef")).want(t, 200, `{"v":1}`)
			c.ask(r.text("/a"))
		}
		if got := n.now(); got != 0 {
			t.Errorf("%s: %d quick answers", line, got)
		}
	}
}

func TestAProxyThatStopsAnswersNothingQuickly(t *testing.T) {
	r := newRig(t, "interval: 1h")
	n, c := r.counted(), r.pipe()
	c.ask(r.text("/a"))
	c.ask(r.text("/a"))
	n.want("before", 1)
	r.proxy.draining.Store(true)
	if a := c.ask(r.text("/a")); !a.Close {
		t.Error("nobody is told that it is the last answer")
	}
	n.want("then", 1)
}

func TestAConnectionThatIsClosedDuringAnAnswerIsClosedBehindIt(t *testing.T) {
	r := newRig(t, "interval: 1h", "trusted_proxies: [10.0.0.0/8]")
	r.get("/a")
	for path, answered := range map[string]bool{"/a": true, "/b": false} {
		wire := &parrot{request: []byte(r.text(path)), left: 1}
		c := r.proxy.gate.admit(wire)
		wire.asked = func() {
			if _ = c.Close(); wire.closed {
				t.Errorf("%s: it is cut", path)
			}
		}
		n, err := c.Read(make([]byte, 4096))
		if answered != errors.Is(err, net.ErrClosed) || answered != wire.closed || answered != (len(wire.answer) > 0) || answered == (n > 0) {
			t.Errorf("%s: %d bytes are left, %v, and it is closed: %v", path, n, err, wire.closed)
		}
		wire.asked = nil
		if _ = c.Close(); !wire.closed {
			t.Errorf("%s: it stays open", path)
		}
	}
}
