package admin

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// post sends a body to be read.
func (r *rig) post(path, kind, body string) reply {
	r.t.Helper()
	return r.send("POST", path, body, "Content-Type", kind)
}

func TestARefreshSaysHowManyFeeds(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for query, want := range map[string]string{
		"path=/api/scores":                "/api/scores",
		"path=/api/scores%3Fleague=1":     "/api/scores?league=1",
		"path=/api/scores?league=1":       "/api/scores?league=1",
		"path=/api/scores?a=1%26b=2":      "/api/scores?a=1&b=2",
		"path=/a%2520b":                   "/a%20b",
		"path=/%25C3%25A9":                "/%C3%A9",
		"path=/api/**":                    "/api/**",
		"route=/api/**":                   "/api/**",
		"route=scores":                    "scores",
		"path=%2Fapi%2Fscores":            "/api/scores",
		"path=" + strings.Repeat("/a", 3): "/a/a/a",
		"path=/x&path=/y":                 "",
	} {
		a := r.do("POST", "/api/refresh?"+query)
		if want == "" {
			a.want(t, 200, "{\n  \"feeds\": 3,\n  \"paths\": {\n    \"/x\": 1,\n    \"/y\": 2\n  }\n}\n")
			continue
		}
		if a.want(t, 200, "{\n  \"feeds\": 3\n}\n"); s.saw()[len(s.saw())-1] != want {
			t.Errorf("%s: refreshed %q, want %q", query, s.saw(), want)
		}
	}
	r.do("POST", "/api/refresh?path=/x&route=scores").want(t, 200, "{\n  \"feeds\": 3,\n  \"paths\": {\n    \"/x\": 1\n  },\n  \"routes\": {\n    \"scores\": 2\n  }\n}\n")
}

func TestARefreshThatNamesNothingOrTheWrongThingIsToldWhatToWrite(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for query, want := range map[string]string{
		"":                     "nothing is named",
		"?path=":               `"" does not begin with "/"`,
		"?path=scores":         `"scores" does not begin with "/"`,
		"?path=/x&path=scores": `"scores" does not begin with "/"`,
		"?path=http://x/":      `"http://x/" does not begin with "/"`,
		"?paths=/x":            `unknown parameter "paths"`,
		"?path=/x&force=1":     `unknown parameter "force"`,
		"?path=/a;b":           "invalid semicolon separator in query",
		"?path=/%zz":           `invalid URL escape "%zz"`,
		"?path=/**/**":         "no such pattern",
	} {
		a := r.do("POST", "/api/refresh"+query).want(t, 400, "say which feeds: POST /api/refresh?path=/api/scores")
		if !strings.HasSuffix(a.body, "\n"+want+"\n") {
			t.Errorf("%s: got %q, want %q", query, a.body, want)
		}
	}
	if len(s.saw()) > 0 {
		t.Errorf("refreshed %v", s.saw())
	}
}

func TestARefreshTakesALongListAsJSON(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	long := `{"paths": ["/a%20b"` + strings.Repeat(`, "/x"`, 9000) + `], "routes": ["scores"]}`
	r.post("/api/refresh", "application/json", long).want(t, 200, "{\n  \"feeds\": 3,\n")
	if saw := s.saw(); len(saw) != 9002 || saw[0] != "/a%20b" || saw[9001] != "scores" {
		t.Errorf("refreshed %d: %.100q", len(saw), saw)
	}
	r.post("/api/refresh", "Application/JSON; charset=utf-8", ` {"paths": ["/y"]} `).want(t, 200, "{\n  \"feeds\": 3\n}\n")
	before := len(s.saw())
	for body, want := range map[string]string{
		"":                             "the body cannot be read: EOF",
		"{}":                           "nothing is named",
		"null":                         "nothing is named",
		`{"paths": []}`:                "nothing is named",
		`{"path": "/x"}`:               `the body cannot be read: json: unknown field "path"`,
		`{"paths": "/x"}`:              "the body cannot be read: json: cannot unmarshal string",
		`["/x"]`:                       "the body cannot be read: json: cannot unmarshal array",
		`{"paths": ["/x"]`:             "the body cannot be read: unexpected EOF",
		`{"paths": ["/x"]} {"paths":1`: "the body goes on behind its JSON",
		`{"paths": ["x"]}`:             `"x" does not begin with "/"`,
	} {
		if a := r.post("/api/refresh", "application/json", body).want(t, 400, "say which feeds: "); !strings.Contains(a.body, "\n"+want) {
			t.Errorf("%s: got %q, want %q", body, a.body, want)
		}
	}
	r.post("/api/refresh", "text/plain", `{"paths": ["/x"]}`).want(t, 400, "say which feeds: ")
	r.post("/api/refresh", "application/json", `{"paths": ["/`+strings.Repeat("x", maxNames)+`"]}`).want(t, 413, "say which feeds: ")
	if n := len(s.saw()); n != before {
		t.Errorf("%d were refreshed", n-before)
	}
}

// A webhook posts what it likes to the URL that it was given.
func TestABodyIsNotReadWhereTheQueryNamesWhatToRefresh(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for _, body := range []string{`{"event": "push", "paths": 7}`, `{"paths": ["/y"]}`, "garbage"} {
		r.post("/api/refresh?path=/x", "application/json", body).want(t, 200, "{\n  \"feeds\": 3\n}\n")
	}
	if saw := s.saw(); !slices.Equal(saw, []string{"/x", "/x", "/x"}) {
		t.Errorf("refreshed %q", saw)
	}
}

// However many refreshes come while a poll is under way, one more follows it.
func TestRefreshesDuringAPollCostTheOriginOneRequest(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("1")}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	c, err := config.Parse("test.yaml", fmt.Appendf(nil, "upstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, name: all, upstream: api, interval: 1h}]\n", origin.URL()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.New(c, proxy.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	events := stream(t, serve(t, p), "/scores?league=1")
	events("1")
	r := newRig(t, p, "")
	release := make(chan struct{})
	origin.Break(legacy.HangBeforeHead(release))
	origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("2")})
	r.do("POST", "/api/refresh?path=/scores").want(t, 200, "{\n  \"feeds\": 1\n}\n")
	await.Until(t, "it is polled", func() bool { return origin.Total() == 2 })
	var webhooks sync.WaitGroup
	for i := range 40 {
		query := []string{"path=/scores", "path=/**", "route=all", "path=/scores?league=1&path=/*&path=/scores"}[i%4]
		webhooks.Go(func() {
			if a := r.do("POST", "/api/refresh?"+query); a.StatusCode != 200 || !strings.Contains(a.body, `"feeds": 1`) {
				t.Errorf("%s: %d %s", query, a.StatusCode, a.body)
			}
		})
	}
	webhooks.Wait()
	if n := origin.Total(); n != 2 {
		t.Errorf("%d requests while a poll is under way", n)
	}
	origin.Break(nil)
	close(release)
	events("2")
	await.Until(t, "one more poll", func() bool { return origin.Total() == 3 })
	// It began after all of them: another one would be polled next.
	r.do("POST", "/api/refresh?path=/scores").want(t, 200, "{\n  \"feeds\": 1\n}\n")
	await.Until(t, "and one for the next refresh", func() bool { return origin.Total() == 4 })
	if n := p.Ledger().Stats().Routes[0].UpstreamRequests.Poll; n > 4 {
		t.Errorf("%d polls", n)
	}
}

// stream opens a stream, and returns what waits for its next event.
func stream(t *testing.T, addr, path string) (next func(want string)) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: example.com\r\nAccept: text/event-stream\r\n\r\n", path)
	lines := bufio.NewScanner(c)
	return func(want string) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if data != want {
					t.Fatalf("got %q, want %q", data, want)
				}
				return
			}
		}
		t.Fatalf("it ended: %v", lines.Err())
	}
}
