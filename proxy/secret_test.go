package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/testdata/pki"
)

// Every story of this package can be told over TLS: see secured. These are about TLS
// itself.

// newSecretRig is a rig whose clients speak TLS.
func newSecretRig(t *testing.T, lines ...string) *rig {
	t.Helper()
	origin := newOrigin(t)
	return newRigOver(t, origin, routeYAML(origin.URL(), lines), pki.New(t))
}

func TestEveryTransportWorksOverTLS(t *testing.T) {
	r := newSecretRig(t, "interval: 10ms", "transport_query: as")
	etag := r.get("/x").want(t, 200, `{"v":1}`).Header.Get("ETag")
	sse, lines := r.stream("/x", "text/event-stream"), r.stream("/x", "application/x-ndjson")
	parts, socket := r.stream("/x", "multipart/mixed"), r.socket("/x")
	if got := sse.event(); got != `data: {"v":1}` {
		t.Errorf("sse: %q", got)
	}
	if got := lines.line(); got != `{"v":1}` {
		t.Errorf("ndjson: %q", got)
	}
	wantMessage(t, socket, websocket.TextMessage, `{"v":1}`)
	long := make(chan reply, 1)
	go func() {
		a, err := r.try("GET", "/x", "", "Prefer", "wait=20", "If-None-Match", etag)
		if err != nil {
			t.Error(err)
		}
		long <- a
	}()
	r.eventually("all are held", func() bool {
		s := r.stats().Subscribers
		return s.SSE == 1 && s.NDJSON == 1 && s.Multipart == 1 && s.WebSocket == 1 && s.Longpoll == 1
	})
	r.body(`{"v":2}`)
	(<-long).want(t, 200, `{"v":2}`)
	if got := sse.event(); got != `data: {"v":2}` {
		t.Errorf("sse: %q", got)
	}
	wantMessage(t, socket, websocket.TextMessage, `{"v":2}`)
	for line := ""; !strings.Contains(line, `{"v":2}`); line = parts.line() {
	}
	r.do("POST", "/x", "hello").want(t, 200, `{"v":2}`)
}

func TestTheOriginIsToldThatItsClientSpeaksTLS(t *testing.T) {
	r := newSecretRig(t, "mode: pass")
	r.get("/x")
	got := r.requestsTo("/x")[0].Header
	if got.Get("X-Forwarded-Proto") != "https" || !strings.Contains(got.Get("Forwarded"), ";proto=https;") {
		t.Errorf("%v", got)
	}
}

func TestThePagesOwnOriginIsTheOneWithTheSameScheme(t *testing.T) {
	r := newSecretRig(t, "interval: 1h")
	if _, _, err := r.handshake("/x", "Origin", "https://"+r.addr); err != nil {
		t.Error(err)
	}
	if _, resp, err := r.handshake("/x", "Origin", "http://"+r.addr); err == nil || resp.StatusCode != 403 {
		t.Errorf("a page without TLS: %v", err)
	}
}

func TestPlainHTTPOnAPortOfTLSIsAnswered(t *testing.T) {
	r := newSecretRig(t)
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)} {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		a, err := readReply(bufio.NewReader(c), "GET")
		if err != nil || a.StatusCode != 400 || !strings.Contains(a.body, "this port speaks TLS: ask with https:// or wss://") {
			t.Errorf("%d %q, %v", a.StatusCode, a.body, err)
		}
		_ = c.Close()
	}
	if n := r.polls(); n != 0 {
		t.Errorf("the origin got %d requests", n)
	}
}

// Clients that never finish their handshake, or send what is none, cost no more than
// timeouts.header, and keep nobody out.
func TestHalfOpenHandshakesEndInTime(t *testing.T) {
	r := newSecretRig(t, "timeouts: {header: 300ms}")
	hello := clientHello(t)
	var all []net.Conn
	for i := range 200 {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(await.Patience))
		_, _ = c.Write([][]byte{nil, hello[:1], hello[:len(hello)/2], hello, []byte("\x16\x03\x01\xff\xff"), []byte(strings.Repeat("\x00", 100))}[i%6])
		all = append(all, c)
	}
	r.get("/x").want(t, 200, `{"v":1}`)
	for i, c := range all {
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%d: %v", i, err)
		}
	}
	r.eventually("nothing is left of them", func() bool { return r.connections() == 0 })
}

// clientHello is the first flight of a client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	theirs, ours := net.Pipe()
	defer theirs.Close()
	go func() { _ = tls.Client(ours, &tls.Config{ServerName: "a"}).Handshake() }()
	buf := make([]byte, 4096)
	n, err := theirs.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestOnlyHTTP1IsNegotiatedAndNoClientIsAskedForACertificate(t *testing.T) {
	r := newSecretRig(t)
	trust := r.pki.Trust()
	trust.NextProtos = []string{"h2", "http/1.1"}
	trust.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		t.Error("a certificate is asked for")
		return &tls.Certificate{}, nil
	}
	c, err := tls.Dial("tcp", r.addr, trust)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p := c.ConnectionState().NegotiatedProtocol; p != "" && p != "http/1.1" {
		t.Errorf("negotiated %q", p)
	}
}

// One that takes nothing is cut off, and what it has not taken stays small.
func TestASlowClientOverTLSIsCutOff(t *testing.T) {
	r := newSecretRig(t, "interval: 10ms", "timeouts: {write: 300ms}")
	big := func(v int) string { return fmt.Sprintf(`{"v":%d,"x":%q}`, v, strings.Repeat("x", 1<<20)) }
	r.body(big(0))
	c := r.dial()
	_, _ = io.WriteString(c, requestText("GET", "/x", r.addr, "", []string{"Accept", "text/event-stream"}))
	r.eventually("it is held", func() bool { return r.stats().Subscribers.SSE == 1 })
	v := 0
	r.eventually("it is cut off", func() bool {
		v++
		r.body(big(v))
		r.refresh("/x")
		return r.stats().Subscribers.SSE == 0
	})
	r.eventually("nothing is left of it", func() bool { return r.connections() == 0 })
	if n := r.proxy.Ledger().Stats().Limits["write_timeout"]; n != 1 {
		t.Errorf("%d write timeouts", n)
	}
}

// An answer that is cut must not look whole: there is no close_notify behind it.
func TestAnAnswerThatIsCutOverTLSIsSeenToBe(t *testing.T) {
	r := newSecretRig(t, "mode: pass")
	r.origin.Break(func(x *legacy.Exchange) {
		c, _ := x.Conn()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhalf")
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	})
	c := r.dial()
	_, _ = io.WriteString(c, "GET /x HTTP/1.0\r\nHost: a\r\n\r\n")
	if all, err := io.ReadAll(c); err == nil {
		t.Errorf("%q is taken for whole", all)
	}
}

// An origin that redirects plain HTTP is told on shared polls too, where the key says
// so, and by us rather than by the client.
func TestASharedPollTellsOfTLSWhereThatIsInItsKey(t *testing.T) {
	r := newSecretRig(t, "interval: 1h", "key: {headers: [X-Forwarded-Proto]}")
	for _, path := range []string{"/a", "/b"} {
		r.get(path)
		r.get(path, "X-Forwarded-Proto", "http")
		if got := r.requestsTo(path); len(got) != 1 || got[0].Header.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("%d polls, %v", len(got), got[0].Header)
		}
	}
	plain := newSecretRig(t, "interval: 1h")
	plain.get("/a")
	if got := plain.requestsTo("/a")[0].Header.Get("X-Forwarded-Proto"); got != "" {
		t.Errorf("it is told %q, which is not in the key", got)
	}
}

// halting is a client's socket that holds back the second half of what is written, and
// all behind that, once it is told to.
type halting struct {
	net.Conn
	halts bool
	rest  []byte
}

func (h *halting) Write(p []byte) (int, error) {
	switch {
	case !h.halts:
		return h.Conn.Write(p)
	case h.rest != nil:
		h.rest = append(h.rest, p...)
		return len(p), nil
	}
	h.rest = bytes.Clone(p[len(p)/2:])
	_, err := h.Conn.Write(p[:len(p)/2])
	return len(p), err
}

// Half a record is no request yet, and has left the socket: the connection seems idle.
func TestARequestOfWhichHalfARecordHasComeIsNotCutByADrain(t *testing.T) {
	r := newSecretRig(t, "mode: pass")
	socket, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = socket.SetDeadline(time.Now().Add(await.Patience))
	wire := &halting{Conn: socket}
	trust := r.pki.Trust().Clone()
	trust.ServerName = "127.0.0.1"
	c := tls.Client(wire, trust)
	t.Cleanup(func() { _ = socket.Close() })
	if _, err := r.ask(c, "/x"); err != nil {
		t.Fatal(err)
	}
	idle := r.dial()
	if _, err := r.ask(idle, "/x"); err != nil {
		t.Fatal(err)
	}
	wire.halts = true
	_, _ = io.WriteString(c, requestText("POST", "/x", r.addr, strings.Repeat("x", 4000), nil))
	r.eventually("half of it was read", func() bool {
		for _, served := range r.proxy.gate.unheld() {
			if served.RemoteAddr().String() == socket.LocalAddr().String() && served.isMidway() {
				return true
			}
		}
		return false
	})
	for _, served := range r.proxy.gate.unheld() {
		served.used.Store(r.proxy.gate.now() - int64(quietAfter))
	}
	stopped := r.stop()
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the idle one: %v", err)
	}
	if _, err := socket.Write(wire.rest); err != nil {
		t.Fatal(err)
	}
	if a, err := readReply(bufio.NewReader(c), "POST"); err != nil || a.StatusCode != 200 || !a.Close {
		t.Errorf("%v, %v", a.Response, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Whoever makes room, or drains, closes the connections of many.
func TestAnIdleClientThatTakesNothingKeepsNobodyWaiting(t *testing.T) {
	r := newSecretRig(t, "interval: 1h")
	if _, err := r.ask(r.dial(), "/x"); err != nil {
		t.Fatal(err)
	}
	served := r.proxy.gate.unheld()[0]
	r.eventually("it is idle", func() bool { return served.state.Load() == connIdle })
	fill(served)
	noGoodbye(t, served.retire)
}

// TestAHeldClientThatTakesNothingKeepsNobodyWaiting, when time is over.
func TestAHeldClientThatTakesNothingKeepsNobodyWaiting(t *testing.T) {
	r := newSecretRig(t, "interval: 1h")
	r.stream("/x", "text/event-stream").event()
	fill(r.proxy.gate.open()[0])
	noGoodbye(t, func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = r.proxy.Shutdown(ctx)
	})
}

// fill writes to a client that takes nothing until not a byte more can be.
func fill(c *conn) {
	socket := c.Conn.(*secret).NetConn()
	for size := 64 << 20; size > 0; size /= 64 {
		var err error
		for err == nil {
			_ = socket.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			_, err = socket.Write(make([]byte, size))
		}
	}
}

// noGoodbye wants that nothing waits for a client to take a goodbye.
func noGoodbye(t *testing.T, closes func()) {
	t.Helper()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		closes()
	}()
	select {
	case <-closed:
	case <-time.After(3 * time.Second): // package tls waits for five
		t.Error("its goodbye is waited for")
	}
	<-closed
}
