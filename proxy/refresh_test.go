package proxy

import (
	"net/http"
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
