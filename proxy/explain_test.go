package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// explainYAML has a route of each kind.
const explainYAML = `trusted_proxies: [192.0.2.0/24]
upstreams: {api: {servers: [%[1]q]}}
routes:
  - {path: /chat/**, host: "*.example.com", upstream: api, name: chat}
  - {path: /scores/**, upstream: api, name: scores, interval: 1h, serve: [poll, longpoll, sse], wait_query: wait, key: {headers: [Accept-Language], ignore_cookies: ["ab_*"], ignore_headers: [X-Build], sort_query: true}}
  - {path: /mine/**, upstream: api, name: mine, share: identity, interval: 1h}
  - {path: /public/**, upstream: api, name: public, share: public, interval: 1h}
  - {path: /post/**, upstream: api, name: post, methods: [GET, POST], interval: 1h}
  - {path: /seen/**, upstream: api, name: seen, mode: observe}
  - {path: /plain/**, upstream: api, name: plain, mode: pass}
`

func (r *rig) explain(q explain.Question) *explain.Explanation {
	r.t.Helper()
	if strings.HasPrefix(q.URL, "/") {
		q.Header = append([]string{"Host: " + r.addr}, q.Header...)
	}
	said, err := r.proxy.Explain(r.t.Context(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return said
}

// What is explained is what is done: each request is explained first, and then sent.
func TestWhatIsExplainedIsWhatIsDone(t *testing.T) {
	r := newRigBy(t, explainYAML)
	var paths, fields []string
	for _, dir := range []string{"/scores", "/mine", "/public", "/post", "/seen", "/plain", "/nothing"} {
		paths = append(paths, dir+"/x", dir+"/x?b=2&_=17&a=1", dir+"/x?wait=1&wait_etag=x", dir+"//x", dir+"/%2fx", dir+"/x;y")
	}
	fields = []string{
		"", "Accept: */*", "Accept: text/csv", "Accept: text/event-stream", "Accept: application/x-ndjson", "Accept: text/html", "Prefer: wait=1", "Prefer: return=minimal",
		"Accept-Language: de", "User-Agent: curl/8", "X-Tenant: acme", "X-Build: 7", "Origin: https://example.com", "Cookie: _ga=1", "Cookie: sid=0123456789abcdef; ab_x=1",
		"Authorization: Bearer 0123456789", "X-Api-Key: 1", "Range: bytes=0-1", "Expect: 100-continue", "Expect: nonsense", "X-HTTP-Method-Override: PUT", "Connection: X-Tenant", "Upgrade: h2c",
		"If-None-Match: \"x\"", "Cache-Control: no-cache", "Via: 1.1 x", "X-Forwarded-For: 192.0.2.1", "Content-Length: 0",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, path := range paths {
		for range 25 {
			method := []string{"GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE"}[random.IntN(7)]
			sent := map[string]string{}
			for range 1 + random.IntN(3) {
				if name, value, ok := strings.Cut(fields[random.IntN(len(fields))], ": "); ok {
					sent[name] = value
				}
			}
			r.compare(method, path, sent)
		}
	}
}

// compare sends a request that was explained.
func (r *rig) compare(method, path string, fields map[string]string) {
	r.t.Helper()
	var lines, sent []string
	for name, value := range fields {
		lines, sent = append(lines, name+": "+value), append(sent, name, value)
	}
	said := r.explain(explain.Question{Method: method, URL: path, Header: lines})
	before := len(r.origin.Requests())
	status, header := r.headOf(method, path, sent)
	what := fmt.Sprintf("%s %s %q: %+v", method, path, lines, said.Outcome)
	detail := header.Get("Cache-Status")
	var polled *legacy.Request
	if all := r.origin.Requests(); len(all) > before {
		polled = &all[len(all)-1]
	}
	switch said.Outcome.Is {
	case explain.Refused:
		if status != said.Outcome.Status || polled != nil {
			r.t.Errorf("%s\ngot %d", what, status)
		}
	case explain.Passed, explain.Observed:
		if polled == nil {
			r.t.Errorf("%s\nthe origin was not asked, and the client told %d %s", what, status, detail)
		} else if said.Outcome.Is == explain.Passed && said.Outcome.Reason != "" && detail != "" && !strings.HasSuffix(detail, "="+string(said.Outcome.Reason)) {
			r.t.Errorf("%s\ngot %s", what, detail)
		}
	case explain.Coalesced:
		if strings.Contains(detail, "detail=") && method != "HEAD" {
			r.t.Errorf("%s\ngot %d %s", what, status, detail)
		}
		if polled != nil && method != "HEAD" && r.shown(polled) != said.Parts.Poll {
			r.t.Errorf("%s\nthe origin got\n%s\nand not\n%s", what, r.shown(polled), said.Parts.Poll)
		}
	default:
		r.t.Errorf("%s: what is that?", what)
	}
}

// shown is a request without what is hidden.
func (r *rig) shown(x *legacy.Request) string {
	head, _, _ := strings.Cut(string(x.Head), "\r\n\r\n")
	head = strings.ReplaceAll(head, "Bearer 0123456789", "***")
	head = strings.ReplaceAll(head, "0123456789abcdef", "***")
	head = strings.ReplaceAll(head, "ab_x=1", "ab_x=***")
	return strings.ReplaceAll(head, "X-Api-Key: 1", "X-Api-Key: ***") + "\r\n"
}

func (r *rig) headOf(method, path string, fields []string) (int, http.Header) {
	r.t.Helper()
	c := r.dial()
	defer c.Close()
	if _, err := io.WriteString(c, requestText(method, path, r.addr, "", fields)); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		r.t.Fatalf("%s %s %q: %v", method, path, fields, err)
	}
	return resp.StatusCode, resp.Header
}

func TestAnExplanationHasNoSecret(t *testing.T) {
	r := newRigBy(t, explainYAML)
	secrets := []string{"canary-bearer-1", "canary-cookie-1", "canary-bare", "canary-key-1", "canary-own-1", "canary-query-1"}
	for _, path := range []string{"/scores/x", "/public/x", "/mine/x", "/seen/x", "/plain/x", "/nothing"} {
		for _, live := range []bool{false, true} {
			said := r.explain(explain.Question{URL: path + "?access_token=canary-query-1&a=1", Live: live, Header: []string{
				"Authorization: Bearer canary-bearer-1", "Cookie: sid=canary-cookie-1; canary-bare", "X-Api-Key: canary-key-1", "X-My-Secret: canary-own-1",
			}})
			var text strings.Builder
			if err := said.Text(&text, "test.yaml"); err != nil {
				t.Fatal(err)
			}
			told := text.String() + fmt.Sprintf("%+v %+v", said, said.Parts)
			for _, secret := range secrets {
				if strings.Contains(told, secret) {
					t.Errorf("%s: %s is told:\n%s", path, secret, told)
				}
			}
			if said.Parts != nil && path == "/scores/x" && !strings.Contains(told, "an identity of its own, from Authorization and Cookie *** and Cookie sid and X-Api-Key") {
				t.Errorf("%s: the identity is not told:\n%s", path, told)
			}
		}
	}
}

func TestALiveExplanationKnowsTheFeed(t *testing.T) {
	r := newRigBy(t, explainYAML)
	q := explain.Question{URL: "/scores/x", Live: true}
	if said := r.explain(q); said.Feed.Exists || said.Feed.Now != "nobody has asked with this key of late, host included: it would begin a feed, and cause its first poll" {
		t.Errorf("%+v", said.Feed)
	}
	if r.polls() != 0 {
		t.Error("the origin was asked")
	}
	r.get("/scores/x").want(t, 200, `{"v":1}`)
	said := r.explain(q)
	if f := said.Feed; !f.Exists || f.Version != 1 || f.Bytes != 7 || f.Polling || f.NextSeconds != nil || f.EndsSeconds == nil || f.Now != "it would be answered at once from the snapshot" {
		t.Errorf("%+v %+v", f, f.Outlook)
	}
	events := r.stream("/scores/x", "text/event-stream")
	events.event()
	r.eventually("it is held", func() bool { return r.explain(q).Feed.Subscribers == 1 })
	if f := r.explain(q).Feed; f.NextSeconds == nil || *f.NextSeconds < 3000 || f.IntervalSeconds != 3600 || f.Clients != 1 {
		t.Errorf("%+v %+v", f, f.Outlook)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("%d polls", n)
	}
}

func TestALiveExplanationSaysWhatTheOriginForbids(t *testing.T) {
	r := newRigBy(t, explainYAML)
	r.body("1", "Set-Cookie", "a=b", "Vary", "X-Theme")
	r.get("/scores/x")
	said := r.explain(explain.Question{URL: "/scores/x", Live: true})
	if o := said.Outcome; o.Is != explain.Passed || o.Reason != "set-cookie" || !strings.Contains(o.Why, "Set-Cookie, which is meant for one client") {
		t.Errorf("%+v", o)
	}
	if f := said.Feed; f.Alone != "set-cookie" || f.AloneSeconds < 30 {
		t.Errorf("%+v", f.Outlook)
	}
	r.body("1", "Vary", "User-Agent")
	r.get("/scores/y")
	said = r.explain(explain.Question{URL: "/scores/y", Live: true, Header: []string{"User-Agent: x"}})
	if v := said.Sharing.Vary; len(v) != 1 || v[0] != "user-agent" || said.Parts.Fields[0].Class != share.ClassKeyed {
		t.Errorf("%+v, %+v", said.Sharing, said.Parts.Fields)
	}
}

func TestALiveExplanationTellsOfFailures(t *testing.T) {
	r := newRigBy(t, explainYAML)
	r.origin.Break(legacy.Status(503), "/scores/x")
	r.get("/scores/x")
	f := r.explain(explain.Question{URL: "/scores/x", Live: true}).Feed
	if f.Failures != 1 || f.Failure != "the origin answers 503" || f.Version != 0 {
		t.Errorf("%+v", f.Outlook)
	}
}

func TestAnExplanationSaysWhyEarlierRoutesDoNotMatch(t *testing.T) {
	r := newRigBy(t, explainYAML)
	said := r.explain(explain.Question{URL: "https://chat.example.org:8443/chat/7"})
	want := []explain.Candidate{{Name: "chat", Line: 4, Why: "its host is *.example.com"}, {Name: "scores", Line: 5, Why: "its path is /scores/**"}}
	if len(said.Routes) != 7 || said.Routes[0] != want[0] || said.Routes[1] != want[1] || said.Outcome.Status != 404 || said.Outcome.Why != noRoute {
		t.Errorf("%+v", said)
	}
	said = r.explain(explain.Question{URL: "http://A.example.com/chat/7"})
	if len(said.Routes) != 1 || !said.Routes[0].Matches || said.Route.Name != "chat" || said.Request.Host != "a.example.com" {
		t.Errorf("%+v", said)
	}
}

func TestAnExplanationBelievesTrustedProxies(t *testing.T) {
	r := newRigBy(t, explainYAML)
	r.body("1", "Vary", "X-Forwarded-Proto")
	r.get("/scores/x")
	q := explain.Question{URL: "/scores/x", Header: []string{"X-Forwarded-Proto: https"}}
	if said := r.explain(q); strings.Contains(said.Parts.Poll, "X-Forwarded-Proto") {
		t.Errorf("a stranger is believed:\n%s", said.Parts.Poll)
	}
	q.From = netip.MustParseAddr("192.0.2.7")
	if said := r.explain(q); !strings.Contains(said.Parts.Poll, "X-Forwarded-Proto: https") {
		t.Errorf("a trusted proxy is not believed:\n%s", said.Parts.Poll)
	}
}

// Nothing that is explained is wanted, or begun.
func TestExplainingChangesNothing(t *testing.T) {
	r := newRigBy(t, explainYAML)
	for range 3 {
		for _, header := range [][]string{nil, {"Accept: text/event-stream"}, {"Authorization: Bearer 0123456789"}} {
			r.explain(explain.Question{URL: "/scores/x", Live: true, Header: header})
			r.explain(explain.Question{URL: "/seen/x", Live: true, Header: header})
		}
	}
	s := r.proxy.Ledger().Stats()
	if r.polls() != 0 || r.proxy.Feeds().Len() != 0 || s.Totals.ClientRequests.Pass != 0 || s.Totals.Observed.Requests != 0 {
		t.Errorf("%d polls, %d feeds, %+v", r.polls(), r.proxy.Feeds().Len(), s.Totals)
	}
}

func TestAnAuthorizedRouteSaysWhoIsLetIn(t *testing.T) {
	for name, option := range map[string]string{"by path": "authorize: {path: /me}", "by resource": "interval: 1h"} {
		r := newRig(t, "share: authorize", option)
		q := explain.Question{URL: "/x", Live: true, Header: []string{"Authorization: Bearer a"}}
		if said := r.explain(q); *said.Sharing.LetIn || !strings.Contains(said.Feed.Now, "would be asked") {
			t.Errorf("%s: %+v", name, said.Sharing)
		}
		r.get("/x", "Authorization", "Bearer a")
		r.get("/x", "Authorization", "Bearer a")
		polls := r.polls()
		if said := r.explain(q); !*said.Sharing.LetIn || r.polls() != polls {
			t.Errorf("%s: %+v, %d polls", name, said.Sharing, r.polls()-polls)
		}
		q.Header = []string{"Authorization: Bearer b"}
		if said := r.explain(q); *said.Sharing.LetIn {
			t.Errorf("%s: somebody else is let in", name)
		}
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, reason := range reasonsInSources(t) {
		if s := share.Reason(reason).Sentence(); s == reason || s == "" {
			t.Errorf("%s has no sentence", reason)
		}
	}
	if s := share.Reason("status-302").Sentence(); !strings.Contains(s, "302") {
		t.Error(s)
	}
	if s := share.Reason("x-auth-token").Sentence(); !strings.Contains(s, "X-Auth-Token") {
		t.Error(s)
	}
}

// reasonsInSources are the tokens that the sources of proxy give as reasons.
func reasonsInSources(t *testing.T) (all []string) {
	t.Helper()
	named, returned := regexp.MustCompile(`Reason\s*=\s*"([a-z-]+)"`), regexp.MustCompile(`return "([a-z-]+)"`)
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		found := named.FindAllSubmatch(source, -1)
		if path == "share/judge.go" || path == "share/secrets.go" {
			found = append(found, returned.FindAllSubmatch(source, -1)...)
		}
		for _, match := range found {
			all = append(all, string(match[1]))
		}
		return err
	})
	if err != nil || len(all) < 25 {
		t.Fatalf("found only %q, %v", all, err)
	}
	return all
}

func TestAHandshakeIsExplained(t *testing.T) {
	r := newRigBy(t, explainYAML)
	shake := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}
	for _, test := range []struct {
		path, more string
		want       string
	}{
		{"/public/x", "X-A: 1", "coalesced 0 websocket"},
		{"/scores/x", "X-A: 1", "refused 426 "},
		{"/public/x", "Origin: https://evil.example", "refused 403 "},
		{"/public/x", "Cookie: sid=1", "refused 403 "},
		{"/public/x", "Sec-WebSocket-Protocol: chat", "passed 0 "},
		{"/mine/x", "X-A: 1", "refused 401 websocket"},
	} {
		said := r.explain(explain.Question{URL: test.path, Header: append([]string{test.more}, shake...)})
		got := fmt.Sprintf("%s %d ", said.Outcome.Is, said.Outcome.Status)
		if said.Transport != nil {
			got += said.Transport.Name
		}
		if got != test.want {
			t.Errorf("%s %s: %q, want %q", test.path, test.more, got, test.want)
		}
		name, value, _ := strings.Cut(test.more, ": ")
		status, _ := r.headOf("GET", test.path, []string{name, value, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "13"})
		if said.Outcome.Is == explain.Refused && status != said.Outcome.Status || said.Outcome.Is == explain.Coalesced && status != 101 {
			t.Errorf("%s %s: got %d", test.path, test.more, status)
		}
	}
}

func TestALiveExplanationKnowsTheBudget(t *testing.T) {
	r := newRigBy(t, "upstreams: {api: {servers: [%[1]q], budget: 100/s}}\nroutes: [{path: /**, upstream: api, interval: {min: 1h, max: 2h}}]\n")
	events := r.stream("/x", "text/event-stream")
	events.event()
	said := r.explain(explain.Question{URL: "/x", Live: true})
	if s, f := said.Schedule, said.Feed; s.BudgetPerSecond != 100 || s.IntervalSeconds != 3600 || s.MaxIntervalSeconds != 7200 || !f.Budgeted || f.NextSeconds == nil || *f.NextSeconds < 3000 {
		t.Errorf("%+v, %+v, %+v", s, f, f.Outlook)
	}
}

// FuzzExplain asks anything: there is an answer, or a line that says what to write, and
// no credential in it.
func FuzzExplain(f *testing.F) {
	f.Add("GET", "/scores/x?a=1&_=2", "Cookie: sid=0123456789abcdef", "Accept: text/event-stream", true)
	f.Add("HEAD", "http://a.example.com/chat/%2f//..;x", "Authorization: Bearer 0123456789", "Upgrade: websocket", false)
	f.Add("POST", "/post/x", "Content-Length: 5", "Transfer-Encoding: chunked", true)
	f.Add("OPTIONS", "*", "Max-Forwards: 0", "Expect: x", true)
	f.Add("GET", "/mine/x?token=abc", "X-Api-Key: 1", "Connection: close, X-A", true)
	c, err := config.Parse("test.yaml", fmt.Appendf(nil, explainYAML, "http://127.0.0.1:1"))
	if err != nil {
		f.Fatal(err)
	}
	p, err := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	const canary = "canary7f3a9c"
	f.Fuzz(func(t *testing.T, method, url, first, second string, live bool) {
		said, err := p.Explain(t.Context(), explain.Question{Method: method, URL: url, Header: []string{first, second, "Authorization: Bearer " + canary, "Cookie: s=" + canary}, Live: live})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
			return
		}
		var text strings.Builder
		if err := said.Text(&text, ""); err != nil || said.Outcome.Why == "" {
			t.Errorf("%+v, %v", said.Outcome, err)
		}
		if strings.Contains(text.String(), canary) {
			t.Errorf("a credential is told:\n%s", &text)
		}
		if p.Feeds().Len() > 0 {
			t.Error("there is a feed")
		}
	})
}
