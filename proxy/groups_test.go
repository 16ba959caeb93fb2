package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// in has the origin say body at path, in cache groups.
func (r *rig) in(groups, body, path string) {
	r.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}, "Cache-Groups": {groups}}, Body: []byte(body)}, path)
}

// invalidates has the origin answer so at path, and say that it changed groups.
func (r *rig) invalidates(groups string, status int, path string) {
	r.origin.Answer(legacy.Answer{Status: status, Header: http.Header{"Cache-Group-Invalidation": {groups}}}, path)
}

func TestAWriteRefreshesTheCacheGroupsThatItsAnswerNames(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.in(`"scores";x=1, "all"`, `1`, "/scores")
	r.in(`"news"`, `1`, "/news")
	r.invalidates(`"other", "scores";y`, 204, "/admin")
	ann, bob := r.stream("/scores", "text/event-stream", "Cookie", "sid=ann"), r.stream("/scores", "text/event-stream")
	for _, s := range []*stream{ann, bob} {
		s.event()
	}
	r.get("/news").want(t, 200, `1`)
	r.in(`"scores", "all"`, `2`, "/scores")
	before := r.polls()
	a := r.do("POST", "/admin", "x", "Cookie", "sid=ann").want(t, 204, "")
	if got := a.Header.Get("Cache-Group-Invalidation"); got != `"other", "scores";y` {
		t.Errorf("the client is told %q", got)
	}
	for _, s := range []*stream{ann, bob} {
		if got := s.event(); got != `data: 2` {
			t.Errorf("got %q", got)
		}
	}
	if got := r.get("/scores").want(t, 200, `2`).Header.Get("Cache-Groups"); got != `"scores", "all"` {
		t.Errorf("a poll is told %q", got)
	}
	if !r.known("/news") {
		t.Error("another group was refreshed")
	}
	if n := r.polls() - before; n != 3 {
		t.Errorf("the origin got %d requests, want the write and two polls", n)
	}
}

func TestAMessageRefreshesTheCacheGroupsThatTheAnswerToItNames(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {send: {path: /admin}}")
	r.in(`"scores"`, `1`, "/scores")
	r.invalidates(`"scores"`, 200, "/admin")
	s := r.stream("/scores", "text/event-stream")
	s.event()
	ws := r.socket("/chat")
	wantMessage(t, ws, websocket.TextMessage, `{"v":1}`)
	r.in(`"scores"`, `2`, "/scores")
	if err := ws.WriteMessage(websocket.TextMessage, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if got := s.event(); got != `data: 2` {
		t.Errorf("got %q", got)
	}
}

func TestAWriteToAPassedRouteRefreshesCacheGroups(t *testing.T) {
	r := newPassingRig(t)
	r.in(`"scores"`, `1`, "/scores")
	r.invalidates(`"scores"`, 303, "/admin")
	r.get("/scores").want(t, 200, `1`)
	r.in(`"scores"`, `2`, "/scores")
	r.do("DELETE", "/admin", "")
	r.get("/scores").want(t, 200, `2`)
}

func TestWhatIsNoWriteRefreshesNoCacheGroups(t *testing.T) {
	for name, c := range map[string]struct {
		groups, method, path string
		status               int
		fields               []string
	}{
		"a poll":                     {`"scores"`, "GET", "/y", 200, nil},
		"a passed GET":               {`"scores"`, "GET", "/y", 200, []string{"Range", "bytes=0-"}},
		"HEAD":                       {`"scores"`, "HEAD", "/y", 200, nil},
		"OPTIONS":                    {`"scores"`, "OPTIONS", "/y", 200, nil},
		"a safe method all the same": {`"scores"`, "GET", "/y", 200, []string{"X-HTTP-Method-Override", "DELETE"}},
		"a POST that only reads":     {`"scores"`, "POST", "/y", 200, nil},
		"a refusal":                  {`"scores"`, "PUT", "/y", 403, nil},
		"a failure":                  {`"scores"`, "PUT", "/y", 500, nil},
		"no list of strings":         {`scores`, "PUT", "/y", 200, nil},
		"a malformed list":           {`"scores",`, "PUT", "/y", 200, nil},
		"another case":               {`"Scores"`, "PUT", "/y", 200, nil},
		"another host":               {`"scores"`, "PUT", "http://elsewhere.example/y", 200, nil},
		"another upstream":           {`"scores"`, "PUT", "/other", 200, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRigBy(t, `
upstreams: {api: {servers: [%[1]q]}, other: {servers: [%[1]q]}}
routes:
  - {path: /other, upstream: other, interval: 1h}
  - {path: /**, upstream: api, interval: 1h, methods: [GET, POST]}
`)
			r.in(`"scores"`, `1`, "/scores")
			r.invalidates(c.groups, c.status, "/y")
			r.invalidates(c.groups, c.status, "/other")
			r.get("/scores").want(t, 200, `1`)
			r.do(c.method, c.path, "", c.fields...)
			if !r.known("/scores") {
				t.Error("refreshed")
			}
		})
	}
}

// An origin that is sent one Host, whatever its clients say, is one origin.
func TestCacheGroupsBelongToTheHostThatTheOriginIsSent(t *testing.T) {
	r := newRigBy(t, `
upstreams: {api: {servers: [%[1]q], host: api.example}}
routes: [{path: /**, upstream: api, interval: 1h}]
`)
	r.in(`"scores"`, `1`, "/scores")
	r.invalidates(`"scores"`, 200, "/y")
	r.get("/scores").want(t, 200, `1`)
	r.do("PUT", "http://elsewhere.example/y", "")
	if r.known("/scores") {
		t.Error("not refreshed")
	}
}

func TestTooManyCacheGroupsAreCutOffAndCounted(t *testing.T) {
	r := newRig(t, "interval: 1h")
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf(`"%d"`, i))
	}
	all := strings.Join(names, ", ")
	r.in(all, `1`, "/scores")
	r.invalidates(all, 200, "/y")
	r.invalidates(`"1999"`, 200, "/z")
	if got := r.get("/scores").want(t, 200, `1`).Header.Get("Cache-Groups"); got != all {
		t.Errorf("the client is told %.100q", got)
	}
	r.do("PUT", "/z", "")
	if !r.known("/scores") {
		t.Error("it is in a group that was cut off")
	}
	r.do("PUT", "/y", "")
	if r.known("/scores") {
		t.Error("it is in none of its groups")
	}
	if n := r.proxy.Ledger().Stats().Limits["cache_groups"]; n != 3 { // two polls and a write
		t.Errorf("counted %d times", n)
	}
}
