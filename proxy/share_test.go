package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// whoami answers with who asked: what a leak would show.
func whoami(x *legacy.Request) legacy.Answer {
	who := x.Header.Get("Authorization") + x.Header.Get("Cookie") + x.Header.Get("X-Api-Key")
	return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}, "Cache-Control": {"private"}}, Body: []byte("you are " + who)}
}

func TestClientsOfSixIdentitiesOnAColdFeedEachGetTheirOwn(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.origin.AnswerFunc(whoami)
	release := make(chan struct{})
	r.origin.Break(legacy.HangBeforeHead(release))
	names := [][]string{
		{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}, {"Cookie", "sid=c"}, {"Cookie", "sid=d"},
		{"X-Api-Key", "e"}, {"X-API-KEY", "f"},
	}
	var clients sync.WaitGroup
	for i := range 60 {
		clients.Go(func() {
			fields := names[i%len(names)]
			a, err := r.try("GET", "/me", "", fields...)
			if err != nil || a.body != "you are "+fields[1] {
				t.Errorf("%v got %q, %v", fields, a.body, err)
			}
		})
	}
	r.eventually("all wait", func() bool { return r.proxy.waiting() == 60 })
	close(release)
	clients.Wait()
	if n := r.polls(); n != 6 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestAnAnswerThatMayNotBeSharedSendsEachWaiterOnAlone(t *testing.T) {
	for name, header := range map[string]http.Header{
		"Set-Cookie":    {"Set-Cookie": {"sid=1"}},
		"private":       {"Cache-Control": {"max-age=60, Private"}},
		"private field": {"Cache-Control": {`private="x-user"`}},
		"no-store":      {"Cache-Control": {"no-cache", "no-store"}},
		"unreadable":    {"Cache-Control": {`max-age="1`}},
		"CDN":           {"Cdn-Cache-Control": {"no-store"}},
		"Vary *":        {"Vary": {"Accept, *"}},
		"encoded":       {"Content-Encoding": {"gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 1h")
			var n atomic.Int64
			r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
				h := header.Clone()
				h.Set("X-Number", fmt.Sprint(n.Add(1)))
				return legacy.Answer{Header: h, Body: []byte(h.Get("X-Number"))}
			})
			release := make(chan struct{})
			r.origin.Break(legacy.Times(1, legacy.HangBeforeHead(release)))
			var seen sync.Map
			var clients sync.WaitGroup
			for range 30 {
				clients.Go(func() {
					a, err := r.try("GET", "/x", "")
					if err != nil || a.StatusCode != 200 || a.body != a.Header.Get("X-Number") {
						t.Errorf("%v %q, %v", a.Header, a.body, err)
					}
					if _, twice := seen.LoadOrStore(a.body, true); twice {
						t.Errorf("two clients got %q", a.body)
					}
				})
			}
			r.eventually("all wait", func() bool { return r.proxy.waiting() == 30 })
			close(release)
			clients.Wait()
			// The one who caused the poll got its answer: nothing was sent twice.
			if n := r.polls(); n != 30 {
				t.Errorf("the origin got %d requests", n)
			}
			r.get("/x")
			if s := r.stats(); s.UpstreamRequests.Poll != 1 || s.UpstreamRequests.Pass != 30 {
				t.Errorf("account: %+v", s.UpstreamRequests)
			}
		})
	}
}

func TestATaintThatAppearsLaterReachesNobody(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/x", "text/event-stream")
	if got := s.event(); got != `data: {"v":1}` {
		t.Fatal(got)
	}
	r.body(`{"secret":1}`, "Set-Cookie", "sid=1")
	if got := s.event(); !strings.HasPrefix(got, "event: status\ndata: {\"state\":\"stale\"") {
		t.Fatalf("got %q", got)
	}
	if a := r.get("/x"); a.Header.Get("Set-Cookie") == "" || a.Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=set-cookie" {
		t.Errorf("a poller: %v", a.Header)
	}
	r.body(`{"v":2}`)
	for _, want := range []string{`data: {"v":2}`, "event: status\ndata: {\"state\":\"live\"}"} {
		if got := s.event(); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestAPollIsAPureFunctionOfItsKey(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.get("/x?q=1")
	want := string(r.requestsTo("/x")[0].Head)
	for _, field := range []string{
		"User-Agent", "Accept-Encoding", "Accept-Language", "Referer", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
		"Cache-Control", "Pragma", "Sec-Fetch-Mode", "Sec-CH-UA", "Sec-GPC", "DNT", "Save-Data", "Priority", "X-Forwarded-For", "X-Forwarded-Host",
		"X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "Via", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Ray", "traceparent",
		"tracestate", "baggage", "X-Request-ID", "X-Correlation-ID", "X-B3-TraceId", "X-Datadog-Trace-Id", "Sentry-Trace", "TE", "Keep-Alive",
		"Proxy-Authorization", "Max-Forwards", "Early-Data", "A-IM", "Device-Memory", "Upgrade-Insecure-Requests", "Last-Event-ID", "X_Forwarded_For",
	} {
		path := "/" + field + "?q=1"
		r.get(path, field, "canary")
		head := string(r.requestsTo("/" + field)[0].Head)
		if strings.ReplaceAll(head, "/"+field, "/x") != want {
			t.Errorf("%s is on the wire:\n%s", field, head)
		}
		// And not in the key.
		if a := r.get(path); strings.Contains(a.Header.Get("Cache-Status"), "miss") {
			t.Errorf("%s is in the key", field)
		}
	}
}

func TestUnknownFieldsAreInTheKeyAndOnTheWire(t *testing.T) {
	r := newRig(t, "interval: 1h", "key: {ignore_headers: [X-Build]}")
	for _, fields := range [][]string{{"X-Tenant", "a"}, {"X-Tenant", "b"}, {"X-Requested-With", "XMLHttpRequest"}, {"Origin", "https://a.example"}, {"Accept", "application/xml"}, nil} {
		for range 2 {
			r.get("/x", fields...)
		}
		if fields != nil && !strings.Contains(r.seen("/x"), "\r\n"+fields[0]+": "+fields[1]+"\r\n") {
			t.Errorf("%v is not on the wire:\n%s", fields, r.seen("/x"))
		}
	}
	for _, fields := range [][]string{{"X-Build", "1"}, {"x-build", "2"}, {"Accept", "*/*"}, {"accept", ""}} {
		r.get("/x", fields...)
	}
	if n := r.polls(); n != 6 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestAPublicRouteSendsNoCredentials(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: public", "credential_headers: [X-Session]")
	for _, fields := range [][]string{{"Authorization", "Bearer a"}, {"Cookie", "sid=b"}, {"X-Session", "c"}, nil} {
		r.get("/x", fields...).want(t, 200, `{"v":1}`)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
	for _, secret := range []string{"Bearer a", "sid=b", "X-Session"} {
		if strings.Contains(r.seen("/x"), secret) {
			t.Errorf("%s is on the wire", secret)
		}
	}
	// What needs credentials after all goes to the origin with them.
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Header.Get("Authorization") == "" {
			return legacy.Answer{Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}}}
		}
		return whoami(x)
	}, "/me")
	r.get("/me", "Authorization", "Bearer a").want(t, 200, "you are Bearer a")
	r.get("/me", "Authorization", "Bearer b").want(t, 200, "you are Bearer b")
	if a := r.get("/me"); a.StatusCode != 401 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestAnalyticsCookiesDoNotMakeAnIdentity(t *testing.T) {
	r := newRig(t, "interval: 1h", "key: {ignore_cookies: ['ab_*']}")
	for _, cookie := range []string{"_ga=1", "_ga=2; _gid=3", "ab_test=b", "__utma=1;_fbp=2"} {
		r.get("/x", "Cookie", cookie)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
	r.get("/x", "Cookie", "_ga=1; sid=a; _gid=2")
	r.get("/x", "Cookie", "sid=a; _ga=7")
	if n := r.polls(); n != 2 || !strings.Contains(r.seen("/x"), "\r\nCookie: sid=a\r\n") {
		t.Errorf("%d requests, the last:\n%s", n, r.seen("/x"))
	}
}

func TestCredentialCookiesAreTheOnlyOnesThatCount(t *testing.T) {
	r := newRig(t, "interval: 1h", "credential_cookies: [sid]")
	for _, cookie := range []string{"theme=dark", "sid=a; theme=dark", "theme=light; sid=a", "sid=b"} {
		r.get("/x", "Cookie", cookie)
	}
	if n := r.polls(); n != 3 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestWhatVaryNamesBecomesPartOfTheKey(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Vary": {"Accept-Encoding, Accept-Language"}}, Body: []byte("lang=" + x.Header.Get("Accept-Language"))}
	})
	release := make(chan struct{})
	r.origin.Break(legacy.Times(1, legacy.HangBeforeHead(release)))
	var clients sync.WaitGroup
	for i := range 30 {
		clients.Go(func() {
			lang := []string{"de", "fr", ""}[i%3]
			fields := []string{"Accept-Language", lang}
			if lang == "" {
				fields = nil
			}
			a, err := r.try("GET", "/x", "", fields...)
			if err != nil || a.body != "lang="+lang {
				t.Errorf("%s got %q, %v", lang, a.body, err)
			}
			if vary := a.Header.Get("Vary"); vary != "Accept, Prefer, Accept-Encoding, Accept-Language" {
				t.Errorf("Vary: %s", vary)
			}
		})
	}
	r.eventually("all wait", func() bool { return r.proxy.waiting() == 30 })
	close(release)
	clients.Wait()
	if n := r.polls(); n != 3 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestSubscribersOfAFeedThatTurnsOutToVaryConnectAgain(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	s := r.stream("/x", "text/event-stream", "Accept-Language", "de")
	s.event()
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Vary": {"Accept-Language"}}, Body: []byte("lang=" + x.Header.Get("Accept-Language"))}
	})
	if rest, err := io.ReadAll(s.body); err != nil || strings.Contains(string(rest), "lang=") {
		t.Fatalf("%q, %v", rest, err)
	}
	if got := r.stream("/x", "text/event-stream", "Accept-Language", "de").event(); got != "data: lang=de" {
		t.Errorf("got %q", got)
	}
}

func TestWhatIsNoPlainReadPassesThroughAlone(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for _, test := range []struct {
		method, path, body string
		fields             []string
	}{
		{"GET", "/x", "", []string{"Range", "bytes=0-1"}},
		{"GET", "/x", "body", nil},
		{"GET", "/x", "", []string{"X-HTTP-Method-Override", "DELETE"}},
		{"GET", "/x", "", []string{"Connection", "X-Tenant", "X-Tenant", "a"}},
		{"GET", "/x;a.css", "", nil}, {"GET", "/x%2fa", "", nil}, {"GET", "/a/../x", "", nil}, {"GET", "//x", "", nil},
		{"GET", "/%78%00", "", nil}, {"GET", "/x?%zz", "", nil}, {"GET", "/\xffx", "", nil}, {"OPTIONS", "/x", "", nil}, {"DELETE", "/x", "", nil},
	} {
		before := r.polls()
		for range 2 {
			if a := r.do(test.method, test.path, test.body, test.fields...); a.StatusCode != 200 || !strings.Contains(a.Header.Get("Cache-Status"), "fwd=") {
				t.Errorf("%v: %d %v", test, a.StatusCode, a.Header)
			}
		}
		if n := r.polls() - before; n != 2 {
			t.Errorf("%v: %d requests", test, n)
		}
		if got := r.origin.Requests()[r.polls()-1].Target; got != test.path {
			t.Errorf("%q became %q", test.path, got)
		}
	}
	if r.proxy.Feeds().Len() != 0 {
		t.Error("there is a feed")
	}
}

func TestHEADNeitherMakesAFeedNorCausesAPoll(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for _, fields := range [][]string{nil, {"Accept", "text/event-stream"}, {"Prefer", "wait=5", "If-None-Match", "*"}} {
		r.do("HEAD", "/x", "", fields...)
	}
	if r.proxy.Feeds().Len() != 0 || r.stats().UpstreamRequests.Poll != 0 {
		t.Error("there is a feed")
	}
	for _, request := range r.origin.Requests() {
		if request.Method != "HEAD" {
			t.Errorf("the origin got a %s", request.Method)
		}
	}
}

func TestOnlyIfCachedCausesNoRequest(t *testing.T) {
	r := newRig(t, "interval: 1h")
	if a := r.get("/x", "Cache-Control", "only-if-cached"); a.StatusCode != 504 || r.polls() != 0 {
		t.Errorf("%d after %d requests", a.StatusCode, r.polls())
	}
	r.get("/x")
	for _, directive := range []string{"only-if-cached", "no-cache", "max-age=0", "no-store", "max-stale", "min-fresh=9999", "x=\"y"} {
		r.get("/x", "Cache-Control", directive, "Pragma", "no-cache").want(t, 200, `{"v":1}`)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestNobodySeesWhatWasTrueBeforeAWriteThatWasAnswered(t *testing.T) {
	r := newRig(t, "interval: 1h")
	book := newNotebook()
	r.origin.AnswerFunc(legacy.FromHandler(book))
	r.get("/x").want(t, 200, `""`)
	slow := make(chan struct{})
	for i := range 20 {
		text := fmt.Sprintf(`"%d"`, i)
		if i == 10 {
			// A poll that began before the write and ends after it.
			r.refresh("/x")
			r.origin.Break(legacy.Times(1, func(x *legacy.Exchange) {
				answer := x.Answer()
				x.Wait(slow)
				_ = x.Respond(answer)
			}))
			go func() { _, _ = r.try("GET", "/x", "") }()
			r.eventually("the slow poll is under way", func() bool { return r.proxy.waiting() == 1 })
		}
		if a := r.do("PUT", "/x", text); a.StatusCode != 204 {
			t.Fatalf("%d", a.StatusCode)
		}
		r.get("/x").want(t, 200, text)
	}
	close(slow)
	r.get("/x").want(t, 200, `"19"`)
}

func TestAWriteRefreshesTheFeedsThatWantToKnow(t *testing.T) {
	r := newRig(t, "interval: 1h", "refresh_on: [{method: POST, path: '/commands/*'}]")
	s := r.stream("/x", "text/event-stream")
	s.event()
	r.body(`{"v":2}`)
	r.do("POST", "/other/1", "x")
	r.do("POST", "/commands/1", "x")
	if got := s.event(); got != `data: {"v":2}` {
		t.Fatalf("got %q", got)
	}
	if n := len(r.requestsTo("/x")); n != 2 {
		t.Errorf("the feed was polled %d times", n)
	}
	r.origin.Break(legacy.Status(500), "/commands/2")
	r.body(`{"v":3}`)
	r.do("POST", "/commands/2", "x") // which failed: nothing to refresh
	r.do("POST", "/commands/1", "x")
	if got := s.event(); got != `data: {"v":3}` {
		t.Fatalf("got %q", got)
	}
}

func TestARevokedIdentityLosesItsStreamAndNobodyElseDoes(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	var revoked atomic.Bool
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if revoked.Load() && x.Header.Get("Authorization") == "Bearer a" {
			return legacy.Answer{Status: 401}
		}
		return whoami(x)
	})
	a, b := r.stream("/me", "text/event-stream", "Authorization", "Bearer a"), r.stream("/me", "text/event-stream", "Authorization", "Bearer b")
	wsA := r.socket("/me", "Authorization", "Bearer a")
	if a.event() != "data: you are Bearer a" || b.event() != "data: you are Bearer b" {
		t.Fatal("not their own")
	}
	wantMessage(t, wsA, websocket.TextMessage, "you are Bearer a")
	revoked.Store(true)
	if rest, err := io.ReadAll(a.body); err != nil || strings.Contains(string(rest), "Bearer b") {
		t.Fatalf("%q, %v", rest, err)
	}
	wantClose(t, wsA, websocket.ClosePolicyViolation)
	if got := r.get("/me", "Authorization", "Bearer a"); got.StatusCode != 401 {
		t.Errorf("a poll: %d", got.StatusCode)
	}
	r.get("/me", "Authorization", "Bearer b").want(t, 200, "you are Bearer b")
	r.eventually("b alone has a stream", func() bool { return r.stats().Subscribers.SSE == 1 })
}

func TestTheFirstClientThatGivesUpCancelsNothing(t *testing.T) {
	r := newRig(t, "interval: 1h")
	release := make(chan struct{})
	r.origin.Break(legacy.HangBeforeHead(release))
	first := r.dial()
	_, _ = io.WriteString(first, requestText("GET", "/x", r.addr, "", nil))
	r.eventually("it waits", func() bool { return r.proxy.waiting() == 1 })
	var clients sync.WaitGroup
	for range 9 {
		clients.Go(func() {
			if a, err := r.try("GET", "/x", ""); err != nil || a.body != `{"v":1}` {
				t.Errorf("%q, %v", a.body, err)
			}
		})
	}
	r.eventually("all wait", func() bool { return r.proxy.waiting() == 10 })
	_ = first.Close()
	close(release)
	clients.Wait()
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestASnapshotOverTheLimitIsStreamedThroughToItsClient(t *testing.T) {
	for name, chunked := range map[string]bool{"Content-Length": false, "chunked": true} {
		r := newRig(t, "limits: {snapshot: 100KiB}", "interval: 1h")
		big := strings.Repeat("x", 300_000)
		r.origin.Answer(legacy.Answer{Body: []byte(big), Chunked: chunked})
		for i := range 3 {
			if a := r.get("/big"); a.body != big || a.Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=too-large" {
				t.Errorf("%s %d: %d bytes, %v", name, i, len(a.body), a.Header)
			}
		}
		if n := r.polls(); n != 3 {
			t.Errorf("%s: the origin got %d requests", name, n)
		}
		if s := r.stats(); s.Unshared["too-large"] != 3 {
			t.Errorf("%s: %v", name, s.Unshared)
		}
	}
}

// A cache in front must keep apart whom the key keeps apart.
func TestAnAnswerSaysThatItsLanguageAndOriginCount(t *testing.T) {
	r := newRig(t)
	for _, test := range []struct {
		fields []string
		want   string
	}{
		{nil, "Accept, Prefer, Accept-Encoding"},
		{[]string{"Accept-Language", "de"}, "Accept, Prefer, Accept-Encoding"},
		{[]string{"Accept", "text/html", "Accept-Language", "de"}, "Accept, Prefer, Accept-Encoding, Accept-Language"},
		{[]string{"Origin", "https://a.example"}, "Accept, Prefer, Accept-Encoding, Origin"},
	} {
		if got := r.get("/x", test.fields...).Header.Get("Vary"); got != test.want {
			t.Errorf("%v: Vary: %s, want %s", test.fields, got, test.want)
		}
	}
}

func TestACrossOriginEventSourceIsLetInWhileTheOriginFails(t *testing.T) {
	r := newRig(t, "interval: 20ms", "stale_if_error: 0s")
	r.body(`{"v":1}`, "Access-Control-Allow-Origin", "*")
	r.get("/x", "Origin", "https://a.example")
	r.origin.Break(legacy.Status(503))
	r.eventually("polls are refused", func() bool { return r.get("/x", "Origin", "https://a.example").StatusCode == 502 })
	s := r.stream("/x", "text/event-stream", "Origin", "https://a.example")
	if got := s.resp.Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("%v", s.resp.Header)
	}
}
