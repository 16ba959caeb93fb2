package proxy

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/collector"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const logAll = "log: {access: {sample: 1}}"

// lines are those of the access log that came so far.
func (r *rig) lines() []string {
	all := strings.Split(r.access.String(), "\n")
	return all[:len(all)-1]
}

// wantLine waits for a line that has all of these.
func (r *rig) wantLine(fields ...string) (line string) {
	r.t.Helper()
	defer func() {
		if r.t.Failed() {
			r.t.Logf("the access log:\n%s", r.access)
		}
	}()
	r.eventually("a line with "+strings.Join(fields, " "), func() bool {
		for _, line = range r.lines() {
			has := true
			for _, f := range fields {
				has = has && strings.Contains(line+" ", " "+f+" ")
			}
			if has {
				return true
			}
		}
		return false
	})
	return line
}

func TestEachRequestIsLoggedOnceWithHowItWasAnswered(t *testing.T) {
	r := newRig(t, logAll, "interval: 1h", "stale_if_error: 1h", "trusted_proxies: [192.0.2.0/24]")
	etag := r.get("/a").Header.Get("ETag")
	r.wantLine("method=GET", "path=/a", "route=all", "transport=poll", "status=200", "bytes=7", "answer=miss", "client=127.0.0.1", "host="+r.addr)
	for range 3 { // the second is remembered, the third answered from that
		r.get("/a?token=secret")
	}
	c := r.dial()
	for range 3 {
		_, _ = io.WriteString(c, r.text("/b"))
		if _, err := c.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
	r.wantLine("path=/b", "status=200", "bytes=7", "answer=hit")
	r.get("/a", "If-None-Match", etag).want(t, 304, "")
	r.wantLine("path=/a", "status=304", "bytes=0", "answer=hit")
	r.do("POST", "/a", "x").want(t, 200, `{"v":1}`)
	r.wantLine("method=POST", "transport=pass", "answer=pass", "reason=method", "upstream=api", "bytes=7")
	r.do("HEAD", "/h", "")
	r.wantLine("method=HEAD", "path=/h", "bytes=0", "answer=pass")
	r.get("/c", "Cache-Control", "only-if-cached").want(t, 504, `{"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"this needs a request to the origin, which only-if-cached forbids"}`+"\n")
	r.wantLine("path=/c", "status=504", "answer=refused", `reason="this needs a request to the origin, which only-if-cached forbids"`)
	large := strings.Repeat("x", 1<<20)
	r.origin.Answer(legacy.Answer{Body: []byte(large)}, "/large")
	r.do("POST", "/large", "").want(t, 200, large)
	r.wantLine("path=/large", "bytes=1048576", "answer=pass")
	r.raw("nonsense\r\n\r\n")
	r.wantLine("status=400", "answer=refused")
	r.raw("GET /old HTTP/1.0\r\n\r\n")
	r.wantLine("path=/old", "status=200")
	r.raw("GET /odd HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
	r.wantLine("status=400", "answer=refused", `reason="the request is not valid HTTP/1.1"`)
	const requests = 15
	r.eventually("all are logged", func() bool { return len(r.lines()) >= requests })
	if lines := r.lines(); len(lines) != requests {
		t.Errorf("%d lines\n%s", len(lines), r.access)
	}
	if strings.Contains(r.access.String(), "secret") {
		t.Error("the query is told")
	}
}

func TestAnOriginThatFailsIsLoggedAsAnError(t *testing.T) {
	r := newRig(t, "log: {access: {errors: true}}", "mode: pass", "limits: {request_body: 5}")
	r.get("/fine").want(t, 200, `{"v":1}`)
	r.origin.Break(legacy.Status(503), "/busy")
	r.get("/busy")
	r.wantLine("path=/busy", "status=503", "answer=pass")
	r.origin.Break(oneAnswer("200 OK\r\nContent-Length: +1", "x"), "/odd")
	r.get("/odd")
	r.wantLine("path=/odd", "status=502", "answer=pass")
	r.origin.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello"))
		x.Close()
	}, "/cut")
	_, _ = r.try("GET", "/cut", "")
	r.wantLine("path=/cut", "status=200", "bytes=5", "end=cut")
	if a := r.do("POST", "/a", "too much"); a.StatusCode != 413 {
		t.Error(a.Response)
	}
	r.wantLine("status=413", "answer=refused", "limit=request_body")
	if n := len(r.lines()); n != 4 {
		t.Errorf("%d lines\n%s", n, r.access)
	}
}

func TestASlowAnswerIsLogged(t *testing.T) {
	r := newRig(t, "log: {access: {slow: 50ms}}", "mode: pass")
	r.get("/quick")
	r.origin.Break(func(x *legacy.Exchange) {
		time.Sleep(60 * time.Millisecond) // this is what slow means
		_ = x.Respond(x.Answer())
	}, "/slow")
	r.get("/slow")
	r.wantLine("path=/slow", "status=200")
	if strings.Contains(r.access.String(), "/quick") {
		t.Log("the machine is slow")
	}
}

func TestAHeldClientIsLoggedWhenItIsHeldNoLonger(t *testing.T) {
	r := newRig(t, logAll, "interval: 10ms", "wait: 5s")
	s := r.stream("/s", "text/event-stream")
	s.event()
	r.body(`{"v":2}`)
	s.event()
	if strings.Contains(r.access.String(), "/s ") {
		t.Error("it is still there")
	}
	_ = s.conn.Close()
	r.wantLine("path=/s", "transport=sse", "status=200", "answer=held", "delivered=2", "end=gone")

	etag := r.get("/l").Header.Get("ETag")
	answered := make(chan reply, 1)
	go func() {
		a, _ := r.try("GET", "/l", "", "Prefer", "wait=30", "If-None-Match", etag)
		answered <- a
	}()
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	r.body(`{"v":3}`)
	(<-answered).want(t, 200, `{"v":3}`)
	r.wantLine("path=/l", "transport=longpoll", "status=200", "answer=held", "delivered=1", "end=done")
}

func TestALongPollThatIsAskedAgainIsLoggedEachTime(t *testing.T) {
	r := newRig(t, logAll, "interval: 10ms", "wait: 1s")
	etag := r.get("/l").Header.Get("ETag")
	c := r.dial()
	for range 2 {
		_, _ = io.WriteString(c, r.text("/l", "Prefer", "wait=1", "If-None-Match", etag))
		if n, err := c.Read(make([]byte, 4096)); err != nil || n == 0 {
			t.Fatal(err)
		}
	}
	r.eventually("both are told", func() bool { return strings.Count(r.access.String(), "status=304") == 2 })
	lines := r.lines()
	if a, b := fieldIn(lines[len(lines)-1], "id"), fieldIn(lines[len(lines)-2], "id"); a == b {
		t.Errorf("both are %s", a)
	}
}

func TestAWebSocketIsLoggedAndWhatIsSentByIt(t *testing.T) {
	r := newRig(t, logAll, "websocket: {send: {method: POST, path: /send}}")
	ws := r.socket("/w")
	if _, _, err := ws.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	r.wantLine("method=POST", "path=/send", "transport=pass", "status=200", "answer=pass", "reason=websocket-message")
	if sent := r.requestsTo("/send"); len(sent) != 1 || sent[0].Header.Get("X-Request-Id") != fieldIn(r.wantLine("path=/send"), "id") {
		t.Errorf("%v", sent)
	}
	_ = ws.Close()
	r.wantLine("path=/w", "transport=websocket", "status=101", "answer=held")
}

func TestATunnelIsLoggedAndTracedWhenItEnds(t *testing.T) {
	spans := collector.New(t)
	r := newRig(t, logAll, traceTo(spans, "0"), "mode: pass")
	client, origin, asked, _ := r.tunnelled("traceparent: "+theirParent+"\r\n", "", "\r\n")
	if r.access.String() != "" || !strings.Contains(asked, "traceparent: 00-"+theirTrace+"-") || strings.Contains(asked, theirSpan) {
		t.Errorf("%s%s", asked, r.access)
	}
	_ = client.Close()
	_ = origin.Close()
	line := r.wantLine("transport=pass", "status=101", "answer=pass", "upstream=api", "trace_id="+theirTrace)
	if id := fieldIn(line, "id"); !strings.Contains(asked, "X-Request-Id: "+id+"\r\n") {
		t.Errorf("%s%s", asked, line)
	}
	r.flush()
	only(t, spans.Spans(), func(s collector.Span) bool {
		return s.Parent() == theirSpan && s.Attributes["http.response.status_code"] == "101"
	})
}

func TestNobodyHearsOfARequestUnlessSomebodyWantsTo(t *testing.T) {
	r := newRig(t)
	r.get("/a").want(t, 200, `{"v":1}`)
	if r.proxy.witness.Load() != nil || r.access.String() != "" {
		t.Error(r.access)
	}
}

func TestAWitnessTakesThePlaceOfAnother(t *testing.T) {
	r := newRig(t, "mode: pass")
	change := func(log config.Access) {
		t.Helper()
		r.rest()
		c := *r.proxy.rules.Load().config
		c.Log.Access, c.Log.Format = log, config.LogJSON
		w, err := r.proxy.newWitness(&c, r.proxy.witness.Load())
		if err != nil {
			t.Fatal(err)
		}
		r.proxy.hear(w)
	}
	r.get("/1")
	change(config.Access{Sample: 1, Output: config.OutputStdout})
	r.get("/2")
	change(config.Access{})
	r.get("/3")
	r.eventually("a line", func() bool { return r.access.String() != "" })
	if text := r.access.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"path":"/2"`) {
		t.Error(text)
	}
}

func TestALogThatCannotBeOpenedStopsAProxyFromStarting(t *testing.T) {
	r := newRig(t)
	c := *r.proxy.rules.Load().config
	c.Log.Access = config.Access{Sample: 1, Client: config.ClientFull, Output: "/nowhere/access.log"}
	p, err := New(&c, Options{Access: r.proxy.accessLog})
	if err == nil {
		_ = p.Shutdown(context.Background())
	}
	if err == nil || !strings.HasPrefix(err.Error(), "log.access.output: ") {
		t.Error(err)
	}
}

func TestAnAddressBehindATrustedProxyIsTheClients(t *testing.T) {
	r := newRig(t, logAll, "mode: pass", "trusted_proxies: [127.0.0.0/8]")
	r.get("/a", "X-Forwarded-For", "198.51.100.7, 127.0.0.9")
	r.wantLine("client=198.51.100.7")
}

func TestNeitherTheAccessLogNorASpanTellsASecret(t *testing.T) {
	for _, mode := range []string{"mode: pass", "mode: coalesce", "mode: observe"} {
		spans := collector.New(t)
		r := newRig(t, logAll, traceTo(spans, "1"), mode)
		for _, method := range []string{"GET", "POST"} {
			r.do(method, "/a?access_token=canary&q=canary", "", "Authorization", "Bearer canary", "Cookie", "sid=canary", "X-Api-Key", "canary",
				"X-User", "canary", "Referer", "http://x/canary", "User-Agent", "canary", "X-Own", "canary", "X-Forwarded-For", "canary")
		}
		r.eventually("both are logged", func() bool { return len(r.lines()) == 2 })
		r.flush()
		all := spans.Spans()
		if text := r.access.String() + r.log.String() + fmt.Sprint(all); strings.Contains(text, "canary") || len(all) < 3 {
			t.Errorf("%s: %s", mode, text)
		}
	}
}

// Whoever is not told of a hit costs it nothing; who is, by chance, next to nothing.
func TestAHitThatNobodyIsToldOfAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	for _, log := range []string{"log: {access: {sample: 0.0000001}}", "log: {access: {errors: true, slow: 1h}}"} {
		if n := newRig(t, log, "interval: 1h").allocations(); n != 0 {
			t.Errorf("%s: %v allocations", log, n)
		}
	}
}

// hitter answers one poll after the other from a snapshot.
func (r *rig) hitter() (hit func()) {
	r.get("/a")
	wire := &parrot{request: []byte(r.text("/a"))}
	c, buf := r.proxy.gate.admit(wire), make([]byte, 4096)
	r.t.Cleanup(func() { _ = c.Close() })
	return func() {
		wire.left = 1
		if _, err := c.Read(buf); err != io.EOF {
			r.t.Fatal(err)
		}
	}
}

// allocations are those of a hit.
func (r *rig) allocations() float64 {
	hit := r.hitter()
	hit()
	return testing.AllocsPerRun(1000, hit)
}

func BenchmarkHitThatIsLogged(b *testing.B) {
	for _, log := range []string{"log: {}", "log: {access: {sample: 0.01}}", "log: {access: {sample: 0.01, errors: true, slow: 1s}}", logAll} {
		hit := newRig(b, "interval: 1h", log).hitter()
		b.Run(strings.TrimPrefix(log, "log: "), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				hit()
			}
		})
	}
}
