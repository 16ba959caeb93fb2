package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// reload puts the proxy under another configuration with one route.
func (r *rig) reload(lines ...string) Changes {
	r.t.Helper()
	return r.reloadBy(routeYAML(r.origin.URL(), lines))
}

func (r *rig) reloadBy(yaml string) Changes {
	r.t.Helper()
	c, err := config.Parse("test.yaml", []byte(yaml))
	if err != nil {
		r.t.Fatalf("%v\n%s", err, yaml)
	}
	changes, err := r.proxy.Reload(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return changes
}

// longpoll asks for what comes after a version, and waits until it is held.
func (r *rig) longpoll(path, etag string, fields ...string) *bufio.Reader {
	r.t.Helper()
	c, before := r.dial(), r.stats().Subscribers.Longpoll
	fields = append([]string{"Prefer", "wait=60", "If-None-Match", etag}, fields...)
	if _, err := io.WriteString(c, requestText("GET", path, r.addr, "", fields)); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == before+1 })
	return bufio.NewReader(c)
}

func TestWhatIsTheSameAsBeforeIsTheVerySameObject(t *testing.T) {
	r := newRig(t, "interval: 1h")
	was := r.proxy.rules.Load()
	r.get("/a").want(t, 200, `{"v":1}`)
	if c := r.reload("interval: 1h"); len(c.RoutesChanged)+len(c.UpstreamsChanged) > 0 || c.FeedsKept != 1 || c.FeedsRetired != 0 {
		t.Errorf("%+v", c)
	}
	now := r.proxy.rules.Load()
	if now == was || now.routes[0] != was.routes[0] || now.upstreams["api"] != was.upstreams["api"] {
		t.Error("they are others")
	}
	r.get("/a").want(t, 200, `{"v":1}`)
	if r.polls() != 1 {
		t.Errorf("%d polls", r.polls())
	}
}

func TestAFeedThatStillMatchesLivesOnUnderOtherTerms(t *testing.T) {
	r := newRig(t, "interval: 1h")
	etag := r.get("/a").Header.Get("ETag")
	events, socket, held := r.stream("/a", "text/event-stream"), r.socket("/a"), r.longpoll("/a", etag)
	if e := events.event(); e != `data: {"v":1}` {
		t.Fatal(e)
	}
	wantMessage(t, socket, websocket.TextMessage, `{"v":1}`)
	c := r.reload("interval: 20ms", "stale_if_error: 5s", "linger: 2m", "ignore: [/t]", "serve: [poll, sse]")
	if c.FeedsKept != 1 || c.FeedsRetired != 0 || len(c.RoutesChanged) != 1 {
		t.Errorf("%+v", c)
	}
	r.eventually("it is polled at the new pace", func() bool { return r.polls() > 3 })
	r.body(`{"v":2,"t":1}`)
	if e := events.event(); e != `data: {"v":2,"t":1}` {
		t.Errorf("an event %q", e)
	}
	wantMessage(t, socket, websocket.TextMessage, `{"v":2,"t":1}`)
	if a, err := readReply(held, "GET"); err != nil || a.body != `{"v":2,"t":1}` {
		t.Errorf("%v, %v", a.body, err)
	}
	updates := r.stats().Updates
	r.body(`{"v":2,"t":2}`)
	polls := r.polls()
	r.eventually("that was polled", func() bool { return r.polls() > polls+2 })
	if r.stats().Updates != updates {
		t.Error("what is ignored now is a change")
	}
	if _, resp, err := r.handshake("/a"); err == nil || resp == nil || resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a new WebSocket is served: %v, %v", resp, err)
	}
}

func TestAFeedThatGetsALongerIntervalRests(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/a", "text/event-stream")
	s.event()
	r.reload("interval: 1h")
	r.eventually("nobody polls", func() bool { p := r.polls(); time.Sleep(50 * time.Millisecond); return r.polls() == p })
	p := r.polls()
	r.refresh("/a")
	r.eventually("but who is told to", func() bool { return r.polls() == p+1 })
}

func TestWhatIsSharedInAnotherWayIsRetired(t *testing.T) {
	for name, other := range map[string][]string{
		"with other clients":  {"share: identity"},
		"by another key":      {"key: {headers: [X-Build]}"},
		"in another form":     {"compress: {codings: []}"},
		"not at all":          {"mode: pass"},
		"elsewhere":           {"host: other.example"},
		"by other methods":    {"methods: [GET, POST]"},
		"by other identities": {"credential_headers: [X-Own]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 1h")
			etag := r.get("/a").Header.Get("ETag")
			events, socket, held := r.stream("/a", "text/event-stream"), r.socket("/a"), r.longpoll("/a", etag)
			lines := r.stream("/a", "application/x-ndjson")
			r.eventually("all are held", func() bool { s := r.stats().Subscribers; return s.SSE+s.NDJSON+s.WebSocket+s.Longpoll == 4 })
			if c := r.reload(other...); c.FeedsRetired != 1 || c.FeedsKept != 0 {
				t.Errorf("%+v", c)
			}
			if n := r.proxy.Feeds().Len(); n != 0 {
				t.Errorf("%d feeds are left", n)
			}
			rest, err := io.ReadAll(events.body)
			if text := string(rest); err != nil || !strings.Contains(text[strings.LastIndex(text, "data:"):], "retry: ") {
				t.Errorf("%q, %v", rest, err)
			}
			if rest, err := io.ReadAll(lines.body); err != nil {
				t.Errorf("%q, %v", rest, err)
			}
			wantClose(t, socket, websocket.CloseServiceRestart)
			if a, err := readReply(held, "GET"); err != nil || a.StatusCode != http.StatusNotModified {
				t.Errorf("%v, %v", a.Response, err)
			}
			r.eventually("nobody is held", func() bool {
				s := r.proxy.Ledger().Stats().Totals
				return s.Subscribers.SSE+s.Subscribers.NDJSON+s.Subscribers.WebSocket+s.Subscribers.Longpoll == 0
			})
		})
	}
}

func TestARouteInFrontTakesItsFeedsAway(t *testing.T) {
	const behind = "{path: /**, name: all, upstream: api, interval: 1h}"
	for name, test := range map[string]struct{ upstream, front string }{
		"for its path":                    {"", "{path: /a, name: own, upstream: api, share: identity}"},
		"for its host":                    {"", "{path: /**, name: own, upstream: api, share: identity, host: 127.0.0.1}"},
		"for hosts that nobody knows":     {", host: api.example", "{path: /a, name: own, upstream: api, share: identity, host: '*.example'}"},
		"which lets in who may see it":    {"", "{path: '/%%61', name: own, upstream: api, share: authorize, authorize: {path: /me}}"},
		"and nobody knows the host there": {", host: api.example", "{path: '/%%61', name: own, upstream: api, share: authorize, authorize: {path: /me}}"},
	} {
		t.Run(name, func(t *testing.T) {
			yaml := "upstreams: {api: {servers: [%[1]q]" + test.upstream + "}}\nroutes: ["
			r := newRigBy(t, yaml+behind+"]")
			r.get("/a").want(t, 200, `{"v":1}`)
			r.get("/b").want(t, 200, `{"v":1}`)
			s := r.stream("/a", "application/x-ndjson")
			c := r.reloadBy(fmt.Sprintf(yaml+test.front+", "+behind+"]", r.origin.URL()))
			if c.FeedsRetired < 1 {
				t.Errorf("%+v", c)
			}
			if _, err := io.ReadAll(s.body); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFeedsOfAHostThatTheRouteInFrontIsNotForStay(t *testing.T) {
	const yaml = "upstreams: {api: {servers: [%[1]q], host: api.example}, other: {servers: [%[1]q], host: other.example}}\nroutes: [%[2]s" +
		"{path: /**, name: a, upstream: other, host: a.example}, {path: /**, name: b, upstream: api, host: 127.0.0.1, interval: 1h}]"
	r := newRigBy(t, strings.ReplaceAll(yaml, "%[2]s", ""))
	r.get("/a").want(t, 200, `{"v":1}`)
	if c := r.reloadBy(fmt.Sprintf(yaml, r.origin.URL(), "{path: /z, name: z, upstream: api}, ")); c.FeedsKept != 1 {
		t.Errorf("%+v", c)
	}
	r.get("/a").want(t, 200, `{"v":1}`)
	if r.polls() != 1 {
		t.Errorf("%d polls", r.polls())
	}
}

func TestAConfigurationThatIsInvalidChangesNothing(t *testing.T) {
	r := newRig(t, "interval: 1h")
	was := r.proxy.rules.Load()
	c := config.Default()
	if _, err := r.proxy.Reload(c); err == nil || r.proxy.rules.Load() != was {
		t.Errorf("applied: %v", err)
	}
}

func TestOfTwoThatArePreparedOneIsApplied(t *testing.T) {
	r := newRig(t, "interval: 1h")
	parsed := func(line string) *config.Config {
		c, err := config.Parse("test.yaml", []byte(routeYAML(r.origin.URL(), []string{line})))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, err := r.proxy.Prepare(parsed("interval: 1s"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.proxy.Prepare(parsed("interval: 2s"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Apply(); err != nil {
		t.Error(err)
	}
	if _, err := first.Apply(); err == nil || r.proxy.rules.Load().routes[0].Interval.Min != 2*time.Second {
		t.Errorf("both: %v", err)
	}
}

func TestAWriteUnderWayIsNeitherCutNorRepeated(t *testing.T) {
	r := newRig(t, "mode: pass")
	answer := make(chan struct{})
	r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		<-answer
		return legacy.Answer{Body: []byte("written")}
	}, "/write")
	done := make(chan reply)
	go func() {
		a, err := r.try("POST", "/write", "hello")
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	r.eventually("it is at the origin", func() bool { return len(r.requestsTo("/write")) == 1 })
	other := newOrigin(t)
	r.reloadBy(routeYAML(other.URL(), []string{"mode: pass"}))
	r.get("/x").want(t, 200, `{"v":1}`)
	if other.Total() != 1 {
		t.Errorf("the new origin has %d requests", other.Total())
	}
	close(answer)
	if a := <-done; a.StatusCode != 200 || a.body != "written" || len(r.requestsTo("/write")) != 1 {
		t.Errorf("%d %q, %d requests", a.StatusCode, a.body, len(r.requestsTo("/write")))
	}
}

func TestOfServersThatAreGoneNothingIsTold(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body(`{"from":"old"}`, "ETag", `"same"`)
	s := r.stream("/a", "application/x-ndjson")
	if line := s.line(); line != `{"from":"old"}` {
		t.Fatal(line)
	}
	other := newOrigin(t)
	other.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"same"`}}, Body: []byte(`{"from":"new"}`)})
	if c := r.reloadBy(routeYAML(other.URL(), []string{"interval: 1h"})); c.FeedsKept != 1 {
		t.Errorf("%+v", c)
	}
	r.get("/a").want(t, 200, `{"from":"new"}`)
	if line := s.line(); line != `{"from":"new"}` {
		t.Error(line)
	}
	await.Until(t, "the old origin has no connections", func() bool {
		_, open := r.origin.Connections()
		return open == 0
	})
}

func TestABudgetComesChangesAndGoes(t *testing.T) {
	r := newRig(t, "interval: 20ms")
	s := r.stream("/a", "text/event-stream")
	s.event()
	yaml := func(budget string) string {
		return fmt.Sprintf("upstreams:\n  api: {servers: [%q], timeout: 3s%s}\nroutes:\n  - {path: /**, name: all, upstream: api, interval: 20ms}\n", r.origin.URL(), budget)
	}
	for i, budget := range []string{", budget: 1000/s", ", budget: 500/s", ", budget: 2/s", ""} {
		r.reloadBy(yaml(budget))
		r.body(fmt.Sprintf(`{"v":%d}`, i+10))
		if e := s.event(); e != fmt.Sprintf(`data: {"v":%d}`, i+10) {
			t.Errorf("with %q: %q", budget, e)
		}
		if n := len(r.proxy.Ledger().Stats().Budgets); n != min(len(budget), 1) {
			t.Errorf("with %q: %d budgets", budget, n)
		}
	}
}

func TestCountersGoOn(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for range 3 {
		r.get("/a")
	}
	r.reload("interval: 1m")
	r.get("/a")
	s := r.proxy.Ledger().Stats()
	if n := s.Routes[0].ClientRequests.Poll; n != 4 {
		t.Errorf("%d polls of the route", n)
	}
	r.reloadBy(fmt.Sprintf("upstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, name: own, upstream: api}]", r.origin.URL()))
	if s = r.proxy.Ledger().Stats(); len(s.Routes) != 1 || s.Routes[0].Name != "own" || s.Routes[0].ClientRequests.Poll != 0 || s.Totals.ClientRequests.Poll != 4 {
		t.Errorf("%+v\n%+v", s.Routes[0], s.Totals)
	}
	r.reload("interval: 1h")
	if s = r.proxy.Ledger().Stats(); s.Routes[0].ClientRequests.Poll != 4 || s.Totals.ClientRequests.Poll != 4 {
		t.Errorf("%+v\n%+v", s.Routes[0], s.Totals)
	}
}

func TestLimitsApplyInPlace(t *testing.T) {
	r := newRig(t, "interval: 1h")
	kept := r.stream("/a", "application/x-ndjson")
	kept.line()
	r.reload("interval: 1h", "limits: {subscribers: 1, feeds: 1, request_body: 4, request_header: 1KiB}")
	if a := r.get("/a", "Accept", "application/x-ndjson"); a.StatusCode != 503 {
		t.Errorf("one too many is answered %d", a.StatusCode)
	}
	if a := r.do("POST", "/a", "12345"); a.StatusCode != 413 {
		t.Errorf("a body that is too large: %d", a.StatusCode)
	}
	if a := r.get("/a", "X-Large", strings.Repeat("x", 2000)); a.StatusCode != 431 {
		t.Errorf("a head that is too large: %d", a.StatusCode)
	}
	r.reload("interval: 1h", "limits: {request_header: 32KiB}")
	if a := r.get("/b", "X-Large", strings.Repeat("x", 20_000)); a.StatusCode != 200 {
		t.Errorf("a head that may be: %d", a.StatusCode)
	}
	r.body(`{"v":2}`)
	r.refresh("/a")
	if line := kept.line(); line != `{"v":2}` {
		t.Error(line)
	}
}

// Its conditions were those of the server that was asked before, and the answer is that
// one's: good, but there is nothing left to say what it is about.
func TestAPollUnderWayThatIsAnswered304IsNoFailureOfTheNewServers(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.body(`{"v":1}`, "ETag", `"1"`)
	s := r.stream("/a", "application/x-ndjson")
	s.line()
	asked, answer := make(chan bool, 9), make(chan struct{})
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		header := http.Header{"Content-Type": {"application/json"}, "Etag": {`"1"`}}
		conditional := req.Header.Get("If-None-Match") != ""
		asked <- conditional
		if !conditional {
			return legacy.Answer{Header: header, Body: []byte(`{"v":1}`)}
		}
		<-answer
		return legacy.Answer{Status: 304, Header: header}
	})
	r.refresh("/a")
	if !<-asked {
		t.Fatal("the poll has no conditions")
	}
	other := newOrigin(t)
	other.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"1"`}}, Body: []byte(`{"v":1}`)})
	yaml := strings.Replace(routeYAML(r.origin.URL(), []string{"interval: 1h"}), "]", `, "`+other.URL()+`"]`, 1)
	if c := r.reloadBy(yaml); c.FeedsKept != 1 {
		t.Fatalf("%+v", c)
	}
	close(answer)
	polls := func() int64 { return r.stats().UpstreamRequests.Poll }
	r.eventually("the poll has landed", func() bool { return polls() >= 2 })
	before := polls()
	r.refresh("/a")
	r.eventually("another one has", func() bool { return polls() > before })
	if n := r.stats().UpstreamErrors; n != 0 {
		t.Errorf("%d polls failed:\n%s", n, r.log)
	}
}
