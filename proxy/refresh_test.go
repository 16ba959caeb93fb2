package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAWriteRefreshesWhatItsAnswerNames(t *testing.T) {
	for name, location := range map[string]func(*rig) string{
		"a path":         func(*rig) string { return "/items/1?full=1" },
		"the whole URL":  func(r *rig) string { return "http://" + r.addr + "/items/1?full=1" },
		"over TLS":       func(r *rig) string { return "https://" + r.addr + "/items/1?full=1" },
		"a relative one": func(*rig) string { return "items/1?full=1" },
		"with dots":      func(*rig) string { return "./other/../items/1?full=1#part" },
	} {
		for _, field := range []string{"Location", "Content-Location"} {
			t.Run(field+" is "+name, func(t *testing.T) {
				r := newRig(t, "interval: 1h")
				r.get("/items/1?full=1").want(t, 200, `{"v":1}`)
				r.origin.Answer(legacy.Answer{Status: 201, Header: http.Header{field: {location(r)}}}, "/items")
				r.body(`{"v":2}`)
				r.do("POST", "/items", "x")
				r.get("/items/1?full=1").want(t, 200, `{"v":2}`)
			})
		}
	}
}

func TestAnotherHostsLocationRefreshesNothing(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/items/1").want(t, 200, `{"v":1}`)
	r.body(`{"v":2}`)
	for _, location := range []string{"http://elsewhere.example/items/1", "//elsewhere.example/items/1", "mailto:a@b", "::", "", "http://[::1/items/1"} {
		r.origin.Answer(legacy.Answer{Status: 201, Header: http.Header{"Location": {location}}}, "/items")
		r.do("POST", "/items", "x")
	}
	r.get("/items/1").want(t, 200, `{"v":1}`)
}

func TestAMessageRefreshesTheURLThatItWentTo(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {send: {method: PUT, path: /items}}")
	r.get("/items").want(t, 200, `{"v":1}`)
	ws := r.socket("/scores")
	wantMessage(t, ws, websocket.TextMessage, `{"v":1}`)
	r.body(`{"v":2}`)
	if err := ws.WriteMessage(websocket.TextMessage, []byte("1")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, ws, websocket.TextMessage, `{"v":2}`)
	r.get("/items").want(t, 200, `{"v":2}`)
}

func TestAMessageRefreshesWhatTheAnswerToItNames(t *testing.T) {
	r := newRig(t, "interval: 1h", `websocket: {send: {path: "/items?list=1"}}`)
	r.get("/items/1").want(t, 200, `{"v":1}`)
	r.origin.Answer(legacy.Answer{Status: 201, Header: http.Header{"Location": {"items/1"}}}, "/items")
	ws := r.socket("/scores")
	wantMessage(t, ws, websocket.TextMessage, `{"v":1}`)
	r.body(`{"v":2}`)
	if err := ws.WriteMessage(websocket.TextMessage, []byte("1")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, ws, websocket.TextMessage, `{"v":2}`)
	r.get("/items/1").want(t, 200, `{"v":2}`)
}

// A write need not go to a coalesced route to name what is on one.
func TestAWriteToAPassedRouteRefreshesWhatItsAnswerNames(t *testing.T) {
	r := newPassingRig(t)
	r.get("/items/1").want(t, 200, `{"v":1}`)
	r.origin.Answer(legacy.Answer{Status: 303, Header: http.Header{"Location": {"/items/1"}}}, "/admin")
	r.body(`{"v":2}`)
	r.get("/items/1").want(t, 200, `{"v":1}`)
	r.do("POST", "/admin", "x")
	r.get("/items/1").want(t, 200, `{"v":2}`)
}

// newPassingRig is one whose /admin is passed.
func newPassingRig(t *testing.T) *rig {
	t.Helper()
	return newRigBy(t, `
upstreams: {api: {servers: [%[1]q]}}
routes:
  - {path: /admin/**, upstream: api, mode: pass}
  - {path: /**, upstream: api, interval: 1h}
`)
}

// What one user writes to a URL, the others who watch it see at once.
func TestAWriteIsSeenByOtherUsersOfTheURL(t *testing.T) {
	r := newRig(t, "interval: 1h")
	others := []*stream{
		r.stream("/room", "text/event-stream", "Cookie", "sid=ann"),
		r.stream("/room", "text/event-stream"),
		r.stream("/room", "text/event-stream", "X-Client", "7"),
	}
	for _, s := range others {
		s.event()
	}
	r.body(`{"v":2}`)
	r.do("POST", "/room", "x", "Cookie", "sid=bob")
	for i, s := range others {
		if got := s.event(); got != `data: {"v":2}` {
			t.Errorf("%d got %q", i, got)
		}
	}
}

// RFC 9111 section 4.4: after a write of any kind, known or not, nobody is told
// what was said before, though only a field shows the difference.
func TestAWriteIsSeenThoughTheBodyIsTheSame(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "M-SEARCH"} {
		for _, status := range []int{200, 204, 303, 404, 500} {
			r := newRig(t, "interval: 1h")
			var n atomic.Int64
			r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				h := http.Header{"X-Number": {fmt.Sprint(n.Add(1))}, "Cache-Control": {"max-age=1000"}}
				if x.Method == method {
					return legacy.Answer{Status: status, Header: h}
				}
				return legacy.Answer{Header: h, Body: []byte("the same")}
			})
			r.get("/x").want(t, 200, "the same")
			r.do(method, "/x", "abc")
			want := "3"
			if status >= 400 {
				want = "1" // it did nothing, and costs nothing
			}
			if got := r.get("/x").want(t, 200, "the same").Header.Get("X-Number"); got != want {
				t.Errorf("%s %d: the answer is number %s, want %s", method, status, got, want)
			}
		}
	}
}

// An EventSource is held although the origin cannot be asked. What was true before the
// write is nothing to tell it meanwhile.
func TestAStreamIsNotToldWhatWasBeforeAWriteWhileTheOriginRests(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.get("/a").want(t, 200, `{"v":1}`)
	r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		return legacy.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}}
	}, "/b")
	r.get("/b")
	r.body(`{"v":2}`)
	if a := r.do("POST", "/a", "x"); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	s := r.stream("/a", "text/event-stream")
	if e := s.event(); !strings.HasPrefix(e, "event: status") || !strings.Contains(e, "left alone") {
		t.Errorf("first %q", e)
	}
	if e := s.data(); e != `data: {"v":2}` {
		t.Errorf("then %q", e)
	}
}
