package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/collector"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const (
	theirTrace    = "0af7651916cd43dd8448eb211c80319c"
	theirSpan     = "b7ad6b7169203331"
	theirParent   = "00-" + theirTrace + "-" + theirSpan + "-01"
	theirUnwanted = "00-" + theirTrace + "-" + theirSpan + "-00"
)

func traceTo(c *collector.Collector, sample string) string {
	return fmt.Sprintf("tracing: {otlp: {endpoint: %q, headers: {X-Token: canary}}, sample: %s, service_name: edge}", c.URL, sample)
}

// flush has what was traced sent.
func (r *rig) flush() {
	r.t.Helper()
	r.rest()
	r.proxy.retire(context.Background(), r.proxy.witness.Swap(nil), nil)
}

// rest waits until all requests are over: a client may have its answer before anybody
// is told of it.
func (r *rig) rest() {
	r.t.Helper()
	r.eventually("all requests are over", func() bool { return r.connections() == 0 })
}

// sent is what the origin was told last.
func (r *rig) sent() legacy.Request {
	all := r.origin.Requests()
	return all[len(all)-1]
}

func only(t *testing.T, spans []collector.Span, is func(collector.Span) bool) (found collector.Span) {
	t.Helper()
	n := 0
	for _, s := range spans {
		if is(s) {
			n++
			found = s
		}
	}
	if n != 1 {
		t.Fatalf("%d of %d spans: %v", n, len(spans), spans)
	}
	return found
}

func ofKind(kind v1.Span_SpanKind, name string) func(collector.Span) bool {
	return func(s collector.Span) bool { return s.Kind == kind && strings.HasPrefix(s.Name, name) }
}

func TestWithoutTracingATraceGoesThroughAsItIs(t *testing.T) {
	r := newRig(t, "mode: pass")
	for _, parent := range []string{theirParent, theirUnwanted, "nonsense"} {
		r.get("/a", "traceparent", parent, "tracestate", "a=1,b=2")
		if h := r.sent().Header; h.Get("Traceparent") != parent || h.Get("Tracestate") != "a=1,b=2" {
			t.Errorf("%s", r.sent().Head)
		}
	}
	r.get("/a")
	if h := r.sent().Header; h["Traceparent"] != nil || h["Tracestate"] != nil {
		t.Errorf("%s", r.sent().Head)
	}
}

func TestAPassedRequestIsPartOfItsClientsTrace(t *testing.T) {
	for _, way := range [][]string{nil, {"Connection", "close"}} { // quickly, and through fasthttp
		c := collector.New(t)
		r := newRig(t, "mode: pass", traceTo(c, "0"), logAll)
		r.get("/a?q=canary", append(way, "traceparent", theirParent, "tracestate", "a=1", "tracestate", "b=2")...).want(t, 200, `{"v":1}`)
		sent := r.sent()
		r.flush()
		spans := c.Spans()
		server, client := only(t, spans, ofKind(v1.Span_SPAN_KIND_SERVER, "GET /**")), only(t, spans, ofKind(v1.Span_SPAN_KIND_CLIENT, "GET"))
		if server.Trace() != theirTrace || server.Parent() != theirSpan || client.Trace() != theirTrace || client.Parent() != server.ID() {
			t.Errorf("%v", spans)
		}
		if got := sent.Header["Traceparent"]; len(got) != 1 || got[0] != "00-"+theirTrace+"-"+client.ID()+"-01" {
			t.Errorf("the origin is told %q", got)
		}
		if got := sent.Header["Tracestate"]; len(got) != 1 || got[0] != "a=1,b=2" {
			t.Errorf("and %q", got)
		}
		for name, want := range map[string]string{
			"http.request.method": "GET", "url.path": "/a", "http.route": "/**", "http.response.status_code": "200", "pollmux.route": "all",
			"pollmux.answer": "pass", "pollmux.transport": "pass", "server.address": r.addr, "pollmux.request_id": r.logged("id"),
		} {
			if server.Attributes[name] != want {
				t.Errorf("%s is %q, not %q", name, server.Attributes[name], want)
			}
		}
		if server.Resource["service.name"] != "edge" || server.Resource["service.version"] != "test" || client.Attributes["server.address"] != "127.0.0.1" || client.Attributes["server.port"] == "" {
			t.Errorf("%v\n%v", server.Resource, client.Attributes)
		}
		if r.logged("trace_id") != theirTrace {
			t.Error(r.access)
		}
		headers, paths := c.Requests()
		if paths[0] != "/v1/traces" || headers[0].Get("X-Token") != "canary" || headers[0].Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%v %v", paths, headers)
		}
		if strings.Contains(fmt.Sprint(spans), "canary") {
			t.Error("a secret is told")
		}
	}
}

func TestATraceThatIsNotToBeRecordedGoesThroughAsItIs(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, "mode: pass", traceTo(c, "1"))
	r.get("/a", "traceparent", theirUnwanted, "tracestate", "a=1")
	if h := r.sent().Header; h.Get("Traceparent") != theirUnwanted || h.Get("Tracestate") != "a=1" {
		t.Errorf("%s", r.sent().Head)
	}
	r.flush()
	if spans := c.Spans(); len(spans) != 0 {
		t.Errorf("%v", spans)
	}
}

// W3C Trace Context section 3.2.2 and 3.3.
func TestATraceThatCannotBeReadBeginsAnew(t *testing.T) {
	for _, sample := range []string{"0", "1"} {
		c := collector.New(t)
		r := newRig(t, "mode: pass", traceTo(c, sample))
		for _, parents := range [][]string{
			{"traceparent", "nonsense"}, {"traceparent", theirParent + "-x"}, {"traceparent", "ff-" + theirParent[3:]}, {"traceparent", strings.ToUpper(theirParent)},
			{"traceparent", "00-00000000000000000000000000000000-b7ad6b7169203331-01"}, {"traceparent", "00-" + theirTrace + "-0000000000000000-01"},
			{"traceparent", theirParent, "traceparent", theirParent}, {"traceparent", ""},
		} {
			r.get("/a", append(parents, "tracestate", "a=1")...)
			h := r.sent().Header
			if got := h["Traceparent"]; len(got) != 1 || len(got[0]) != 55 || strings.Contains(got[0], theirTrace) || !strings.HasPrefix(got[0], "00-") || h["Tracestate"] != nil {
				t.Errorf("%q: %s", parents, r.sent().Head)
			} else if recorded := got[0][54] == '1'; recorded != (sample == "1") {
				t.Errorf("%q: %q", parents, got)
			}
		}
		r.flush()
		for _, s := range c.Spans() {
			if s.Trace() == theirTrace {
				t.Errorf("%v", s)
			}
		}
	}
}

func TestAVersionOfTheFutureIsReadAsFarAsThisOneKnowsIt(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, "mode: pass", traceTo(c, "0"))
	r.get("/a", "traceparent", "01-"+theirParent[3:]+"-what-the-future-may-bring")
	if got := r.sent().Header.Get("Traceparent"); !strings.HasPrefix(got, "00-"+theirTrace+"-") || strings.Contains(got, theirSpan) {
		t.Error(got)
	}
}

func TestAPollIsATraceOfItsOwnThatNamesWhoCausedIt(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, traceTo(c, "0"), "interval: 1h")
	r.get("/a?q=canary", "traceparent", theirParent).want(t, 200, `{"v":1}`)
	r.get("/a?q=canary", "traceparent", theirParent).want(t, 200, `{"v":1}`)
	r.get("/a?q=canary").want(t, 200, `{"v":1}`)
	if h := r.sent().Header; h["Traceparent"] != nil {
		t.Errorf("the poll says %s", r.sent().Head)
	}
	r.flush()
	spans := c.Spans()
	poll := only(t, spans, ofKind(v1.Span_SPAN_KIND_CLIENT, "poll GET"))
	miss := only(t, spans, func(s collector.Span) bool { return s.Attributes["pollmux.answer"] == "miss" })
	hit := only(t, spans, func(s collector.Span) bool { return s.Attributes["pollmux.answer"] == "hit" })
	if poll.Trace() == theirTrace || poll.Parent() != "" || len(poll.Links) != 1 || fmt.Sprintf("%x", poll.Links[0].SpanId) != miss.ID() || fmt.Sprintf("%x", poll.Links[0].TraceId) != theirTrace {
		t.Errorf("%v", poll)
	}
	if miss.Parent() != theirSpan || hit.Parent() != theirSpan || hit.Attributes["pollmux.transport"] != "poll" || len(spans) != 3 {
		t.Errorf("%v", spans)
	}
	for name, want := range map[string]string{
		"http.request.method": "GET", "url.path": "/a", "http.response.status_code": "200", "http.response.body.size": "7", "pollmux.route": "all",
		"pollmux.changed": "true", "pollmux.subscribers": "0", "server.address": "127.0.0.1",
	} {
		if poll.Attributes[name] != want {
			t.Errorf("%s is %q, not %q", name, poll.Attributes[name], want)
		}
	}
	if !strings.HasPrefix(poll.Attributes["pollmux.feed"], "all#") || strings.Contains(fmt.Sprint(spans), "canary") {
		t.Errorf("%v", spans)
	}
}

func TestADeliveryToEverybodyIsOneSpan(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, traceTo(c, "1"), "interval: 20ms")
	const held = 3
	var all []*stream
	for range held {
		s := r.stream("/a", "text/event-stream")
		s.event()
		all = append(all, s)
	}
	r.body(`{"v":2}`)
	for _, s := range all {
		if got := s.event(); got != `data: {"v":2}` {
			t.Error(got)
		}
	}
	deliver := c.Await(t, "a delivery to three", func(s collector.Span) bool {
		return s.Name == "deliver" && s.Attributes["pollmux.subscribers"] == "3"
	})
	poll := c.Await(t, "its poll", func(s collector.Span) bool { return s.ID() == deliver.Parent() })
	if deliver.Kind != v1.Span_SPAN_KIND_PRODUCER || deliver.Attributes["pollmux.delivered"] != "3" || deliver.Trace() != poll.Trace() || poll.Attributes["pollmux.changed"] != "true" || poll.Name != "poll GET" {
		t.Errorf("%v\n%v", deliver, poll)
	}
	if deliver.EndTimeUnixNano < deliver.StartTimeUnixNano || deliver.StartTimeUnixNano < poll.StartTimeUnixNano {
		t.Errorf("%v\n%v", deliver, poll)
	}
	for _, s := range all {
		_ = s.conn.Close()
	}
	session := c.Await(t, "a session", func(s collector.Span) bool { return s.Attributes["pollmux.answer"] == "held" })
	if session.Kind != v1.Span_SPAN_KIND_SERVER || session.Attributes["pollmux.transport"] != "sse" || session.Attributes["pollmux.end"] != "gone" || session.Attributes["pollmux.delivered"] != "2" {
		t.Errorf("%v", session)
	}
}

func TestAFailureIsOneInItsSpan(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, traceTo(c, "1"), "stale_if_error: 0")
	r.origin.Break(legacy.Status(503), "/busy")
	r.origin.Break(legacy.ResetBeforeHead(), "/gone")
	r.get("/busy")
	r.get("/gone")
	r.do("POST", "/busy", "")
	r.do("POST", "/gone", "")
	r.flush()
	spans := c.Spans()
	at := func(kind v1.Span_SpanKind, name, path string) collector.Span {
		return only(t, spans, func(s collector.Span) bool {
			return ofKind(kind, name)(s) && (s.Attributes["url.path"] == path || path == "")
		})
	}
	for _, s := range []collector.Span{
		at(v1.Span_SPAN_KIND_CLIENT, "poll", "/busy"), at(v1.Span_SPAN_KIND_CLIENT, "poll", "/gone"), at(v1.Span_SPAN_KIND_SERVER, "POST", "/busy"),
		at(v1.Span_SPAN_KIND_SERVER, "POST", "/gone"), at(v1.Span_SPAN_KIND_SERVER, "GET", "/gone"),
	} {
		if s.Status.GetCode() != v1.Status_STATUS_CODE_ERROR || s.Attributes["error.type"] == "" || strings.Contains(fmt.Sprint(s.Status), "127.0.0.1") {
			t.Errorf("%v", s)
		}
	}
}

func TestTracingGoesOnWhileTheCollectorDoesNot(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"fails": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"is cut off": func(w http.ResponseWriter, r *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			await.Goroutines(t)
			c := collector.New(t)
			c.Answer(answer)
			r := newRig(t, traceTo(c, "1"), "mode: pass")
			for range 3 {
				r.get("/a").want(t, 200, `{"v":1}`)
			}
			r.rest()
			ctx, cancel := context.WithCancel(context.Background())
			if name == "hangs" {
				go func() { // ended by retire
					await.Until(t, "it was asked", func() bool { asked, _ := c.Requests(); return len(asked) > 0 })
					cancel()
				}()
			}
			r.proxy.retire(ctx, r.proxy.witness.Swap(nil), nil)
			cancel()
			if h := r.proxy.heard(); h.SpansFailed != 6 || h.SpansExported != 0 {
				t.Errorf("%+v", h)
			}
			if n := strings.Count(r.log.String(), "the collector does not take spans"); n != 1 {
				t.Errorf("told %d times:\n%s", n, r.log)
			}
		})
	}
}

func TestTracingGoesOnWithoutACollector(t *testing.T) {
	r := newRig(t, `tracing: {otlp: {endpoint: "http://127.0.0.1:1"}, sample: 1}`, "mode: pass")
	r.get("/a").want(t, 200, `{"v":1}`)
	r.flush()
	if h := r.proxy.heard(); h.SpansFailed != 2 {
		t.Errorf("%+v", h)
	}
}

func TestATracerStaysWhatItIsThroughAnotherConfiguration(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, traceTo(c, "1"), "mode: pass")
	old := r.proxy.witness.Load()
	same, other := *r.proxy.rules.Load().config, *r.proxy.rules.Load().config
	other.Tracing.Sample = 0
	w, err := r.proxy.newWitness(&same, old)
	if err != nil || w.tracer != old.tracer {
		t.Fatal(err)
	}
	r.proxy.hear(w)
	r.get("/a")
	r.rest()
	w, err = r.proxy.newWitness(&other, w)
	if err != nil || w.tracer == old.tracer {
		t.Fatal(err)
	}
	r.proxy.hear(w)
	r.get("/a")
	if spans := c.Spans(); len(spans) != 2 {
		t.Errorf("%v", spans)
	}
	if h := r.proxy.heard(); h.SpansExported != 2 {
		t.Errorf("%+v", h)
	}
}

func TestWhatWasTracedIsSentBeforeAProxyEnds(t *testing.T) {
	c := collector.New(t)
	r := newRig(t, traceTo(c, "1"), "mode: pass")
	r.get("/a")
	r.rest()
	ctx, cancel := context.WithTimeout(context.Background(), await.Patience)
	defer cancel()
	if err := r.proxy.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if spans := c.Spans(); len(spans) != 2 {
		t.Errorf("%v", spans)
	}
}

// Chance is against it.
func TestAHitThatIsNotTracedAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector makes sync.Pool forget")
	}
	c := collector.New(t)
	if n := newRig(t, traceTo(c, "0.0000001"), "interval: 1h").allocations(); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHitThatIsTraced(b *testing.B) {
	c := collector.New(b)
	for _, sample := range []string{"off", "0", "0.01", "1"} {
		lines := []string{"interval: 1h"}
		if sample != "off" {
			lines = append(lines, traceTo(c, sample))
		}
		hit := newRig(b, lines...).hitter()
		b.Run(sample, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				hit()
			}
		})
	}
}
