package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// guardian is an origin that lets some clients in, and can change its mind.
type guardian struct {
	*rig
	open bool // the resource itself is for everybody, only /me asks who it is

	mu      sync.Mutex
	version int
	in      map[string]bool // by Authorization
	asked   map[string]int  // requests for /me
	got     map[string]int  // requests for anything else
}

func newGuardian(t *testing.T, open bool, lines ...string) *guardian {
	t.Helper()
	g := &guardian{rig: newRig(t, append([]string{"share: authorize"}, lines...)...), open: open, version: 1,
		in: map[string]bool{"Bearer alice": true, "Bearer bob": true}, asked: map[string]int{}, got: map[string]int{}}
	g.origin.AnswerFunc(g.answer)
	return g
}

func (g *guardian) answer(x *legacy.Request) legacy.Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := x.Header.Get("Authorization")
	if x.Path == "/me" {
		g.asked[who]++
	} else {
		g.got[who]++
	}
	if x.Path == "/logout" {
		g.in[who] = false
		return legacy.Answer{Status: 204, Header: http.Header{"Set-Cookie": {"sid=; Max-Age=0"}}}
	}
	if !g.in[who] && (x.Path == "/me" || !g.open) {
		return legacy.Answer{Status: 401, Header: http.Header{"Www-Authenticate": {"Bearer"}}, Body: []byte("who are you?")}
	}
	return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: fmt.Appendf(nil, "v%d", g.version)}
}

// set changes what the origin says, and whom it lets in.
func (g *guardian) set(version int, who string, in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version, g.in[who] = version, in
}

// requests is how many the origin got for the resource, and for /me.
func (g *guardian) requests(who string) (got, asked int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got[who], g.asked[who]
}

func (g *guardian) as(who, path string, fields ...string) reply {
	g.t.Helper()
	return g.get(path, append([]string{"Authorization", "Bearer " + who}, fields...)...)
}

// ended reads to the stream's end, on which nothing but comments and states may
// come.
func (s *stream) ended() {
	s.t.Helper()
	rest, err := io.ReadAll(s.body)
	if err != nil || strings.Contains(string(rest), "data: v") {
		s.t.Errorf("after %q: %v", rest, err)
	}
}

// The two ways to be let in: by a path that is asked, and by the resource itself.
func eachWay(t *testing.T, test func(t *testing.T, open bool, lines ...string)) {
	t.Run("by path", func(t *testing.T) { test(t, true, "authorize: {path: /me, ttl: 1h}") })
	t.Run("by path, guarded too", func(t *testing.T) { test(t, false, "authorize: {path: /me, ttl: 1h}") })
	t.Run("by resource", func(t *testing.T) { test(t, false, "authorize: {ttl: 1h}") })
}

func TestAllWhoAreLetInShareOneFeed(t *testing.T) {
	eachWay(t, func(t *testing.T, open bool, lines ...string) {
		g := newGuardian(t, open, append(lines, "interval: 1h")...)
		for range 3 {
			for _, who := range []string{"alice", "bob"} {
				if a := g.as(who, "/doc"); a.StatusCode != 200 || a.body != "v1" {
					t.Errorf("%s: %d %q", who, a.StatusCode, a.body)
				}
			}
		}
		s := g.stats()
		if s.UpstreamRequests.Pass != 0 || s.UpstreamRequests.Poll > 2 || s.UpstreamRequests.Authorize > 2 {
			t.Errorf("upstream requests: %+v", s.UpstreamRequests)
		}
		if s.Feeds != 1 {
			t.Errorf("%d feeds", s.Feeds)
		}
	})
}

func TestWhoIsNotLetInGetsTheRefusalAndNothingElse(t *testing.T) {
	eachWay(t, func(t *testing.T, open bool, lines ...string) {
		g := newGuardian(t, open, append(lines, "interval: 1h")...)
		g.as("alice", "/doc")
		for _, fields := range [][]string{
			nil, {"Accept", "text/event-stream"}, {"Accept", "application/x-ndjson"}, {"Accept", "multipart/mixed"},
			{"Prefer", "wait=5", "If-None-Match", `"x"`}, {"If-None-Match", "*"}, {"Range", "bytes=0-1"}, {"Cache-Control", "only-if-cached"},
		} {
			a := g.as("mallory", "/doc", fields...)
			if a.StatusCode != 401 && a.StatusCode != 504 || strings.Contains(a.body, "v1") || a.Header.Get("Etag") != "" {
				t.Errorf("%v: %d %v %q", fields, a.StatusCode, a.Header, a.body)
			}
			if a := g.get("/doc", fields...); a.StatusCode != 401 && a.StatusCode != 504 {
				t.Errorf("nobody, %v: %d %q", fields, a.StatusCode, a.body)
			}
		}
		if a := g.as("mallory", "/doc"); a.Header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("no challenge: %v", a.Header)
		}
		if a := g.as("bob", "/doc"); a.body != "v1" {
			t.Errorf("bob: %q", a.body)
		}
	})
}

func TestAHeldClientThatIsNoLongerLetInEndsAlone(t *testing.T) {
	for name, test := range map[string]struct {
		open  bool
		lines []string
	}{
		"by path":     {true, []string{"authorize: {path: /me, ttl: 200ms}"}},
		"by resource": {false, []string{"authorize: {ttl: 200ms}"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, test.open, append(test.lines, "interval: 20ms")...)
			alice := g.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
			bob := g.stream("/doc", "text/event-stream", "Authorization", "Bearer bob")
			for _, s := range []*stream{alice, bob} {
				if got := s.event(); got != "data: v1" {
					t.Fatal(got)
				}
			}
			g.set(1, "Bearer alice", false)
			alice.ended()
			g.set(2, "Bearer alice", false)
			if got := bob.event(); got != "data: v2" {
				t.Errorf("bob got %q", got)
			}
			if a := g.as("alice", "/doc"); a.StatusCode != 401 {
				t.Errorf("alice: %d %q", a.StatusCode, a.body)
			}
			if a := g.as("bob", "/doc"); a.StatusCode != 200 {
				t.Errorf("bob: %d %q", a.StatusCode, a.body)
			}
		})
	}
}

func TestALogoutThatPassesThroughEndsOnlyThatClientsStreams(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 1h}", "interval: 20ms")
	alice := g.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
	bob := g.stream("/doc", "text/event-stream", "Authorization", "Bearer bob")
	alice.event()
	bob.event()
	if a := g.do("POST", "/logout", "", "Authorization", "Bearer alice"); a.StatusCode != 204 {
		t.Fatalf("%d", a.StatusCode)
	}
	alice.ended()
	g.set(2, "Bearer alice", false)
	if got := bob.event(); got != "data: v2" {
		t.Errorf("bob got %q", got)
	}
}

func TestAConsentIsAskedForOncePerClientAndTime(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 1h}", "interval: 10ms")
	var clients sync.WaitGroup
	for i := range 40 {
		clients.Go(func() {
			who := []string{"Bearer alice", "Bearer bob"}[i%2]
			for _, path := range []string{"/a", "/b", "/a?x=1"} {
				if a, err := g.try("GET", path, "", "Authorization", who); err != nil || a.StatusCode != 200 {
					t.Errorf("%v, %v", a.Response, err)
				}
			}
		})
	}
	clients.Wait()
	for _, who := range []string{"Bearer alice", "Bearer bob"} {
		if _, asked := g.requests(who); asked != 1 {
			t.Errorf("the origin was asked %d times about %s", asked, who)
		}
	}
	if got, _ := g.requests("Bearer alice"); got != 0 {
		t.Errorf("%d polls had alice's credentials although the resource is open", got)
	}
}

// A consent for one resource says nothing of another, if the resource itself is
// what is asked.
func TestAConsentOfOneResourceIsNoneOfAnother(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if who := x.Header.Get("Authorization"); who == "" || x.Path == "/secret" && who != "Bearer alice" {
			return legacy.Answer{Status: 403}
		}
		return legacy.Answer{Body: []byte(x.Path)}
	})
	for range 2 {
		for _, path := range []string{"/secret", "/news"} {
			if a := g.as("alice", path); a.body != path {
				t.Errorf("alice, %s: %d %q", path, a.StatusCode, a.body)
			}
		}
		if a := g.as("bob", "/news"); a.body != "/news" {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
		if a := g.as("bob", "/secret"); a.StatusCode != 403 || a.body == "/secret" {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
	}
}

// What the origin refuses to one client although authorize.path lets it in, that
// client does not get from the others.
func TestARefusalOfTheResourceItselfCountsMoreThanAConsent(t *testing.T) {
	g := newGuardian(t, false, "authorize: {path: /me, ttl: 1h}", "interval: 10ms", "stale_if_error: 0s")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path != "/me" && x.Header.Get("Authorization") != "Bearer alice" {
			return legacy.Answer{Status: 403, Body: []byte("not for you")}
		}
		return legacy.Answer{Body: []byte("for alice")}
	})
	g.eventually("bob's credentials are tried", func() bool {
		g.as("alice", "/doc")
		a := g.as("bob", "/doc")
		return a.StatusCode == 403
	})
	for range 5 {
		if a := g.as("bob", "/doc"); a.StatusCode != 403 {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
		if a := g.as("alice", "/doc"); a.body != "for alice" {
			t.Errorf("alice: %d %q", a.StatusCode, a.body)
		}
	}
}

// A single client of a guarded resource is no reason for more requests than it
// sends itself, but for one that finds out that the resource is guarded and the
// first question.
func TestAnOriginThatGuardsItsResourceGetsNoMoreRequestsThanClientsSend(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 20ms}", "interval: 10ms", "linger: 0s")
	const polls = 50
	for i := range polls {
		if a := g.as("alice", "/doc"); a.StatusCode != 200 {
			t.Fatalf("%d: %d", i, a.StatusCode)
		}
	}
	if n := g.polls(); n > polls+2 {
		t.Errorf("the origin got %d requests for %d", n, polls)
	}
}

func TestClientsThatAreRefusedDoNotDisturbTheOthers(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 10ms")
	g.as("alice", "/doc")
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for range 50 {
				who, want := "Bearer mallory", 401
				if i%2 == 0 {
					who, want = "Bearer bob", 200
				}
				a, err := g.try("GET", "/doc", "", "Authorization", who)
				if err != nil || a.StatusCode != want {
					t.Errorf("%s: %v, %v", who, a.Response, err)
					return
				}
			}
		})
	}
	clients.Wait()
	if s := g.stats(); s.UpstreamRequests.Pass != 0 {
		t.Errorf("the feed was given up: %+v", s)
	}
}

func TestAConsentOutlivesAFailingOriginForAsLongAsSnapshotsDo(t *testing.T) {
	for grace, want := range map[string]int{"1h": 200, "0s": 502} {
		t.Run(grace, func(t *testing.T) {
			g := newGuardian(t, true, "authorize: {path: /me, ttl: 10ms}", "interval: 1h", "stale_if_error: "+grace)
			g.as("alice", "/doc")
			g.origin.Close()
			g.eventually("the consent has ended", func() bool {
				a := g.as("alice", "/doc")
				return a.StatusCode == want
			})
			if a := g.as("bob", "/doc"); a.StatusCode != 502 {
				t.Errorf("bob, who was never let in: %d %q", a.StatusCode, a.body)
			}
		})
	}
}

// Nothing of one client is in what all share.
func TestAnAnswerThatSaysItIsOneClientsIsNotLent(t *testing.T) {
	for name, header := range map[string]http.Header{
		"private": {"Cache-Control": {"private"}}, "no-store": {"Cache-Control": {"no-store"}}, "cookie": {"Set-Cookie": {"a=b"}},
		"vary authorization": {"Vary": {"Authorization"}}, "vary cookie": {"Vary": {"Accept, Cookie"}}, "a name": {"X-User-Id": {"7"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
			g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				who := x.Header.Get("Authorization")
				if who == "" {
					return legacy.Answer{Status: 401}
				}
				return legacy.Answer{Header: header, Body: []byte(who)}
			})
			for range 3 {
				for _, who := range []string{"alice", "bob"} {
					if a := g.as(who, "/doc"); a.body != "Bearer "+who {
						t.Errorf("%s got %d %q", who, a.StatusCode, a.body)
					}
				}
			}
		})
	}
}

func TestAPreflightNeedsNoConsent(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me}")
	g.origin.Answer(legacy.Answer{Status: 204})
	if a := g.do("OPTIONS", "/doc", "", "Origin", "https://a", "Access-Control-Request-Method", "GET"); a.StatusCode != 204 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestAWriteIsCheckedFirstWhereAPathIsAsked(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 1h}")
	if a := g.do("POST", "/doc", "x", "Authorization", "Bearer mallory"); a.StatusCode != 401 {
		t.Errorf("mallory: %d", a.StatusCode)
	}
	if got, _ := g.requests("Bearer mallory"); got != 0 {
		t.Errorf("the write reached the origin %d times", got)
	}
	if a := g.do("POST", "/doc", "x", "Authorization", "Bearer alice"); a.StatusCode != 200 {
		t.Errorf("alice: %d", a.StatusCode)
	}
}

func TestEveryTransportEndsWithTheConsent(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 100ms}", "interval: 20ms")
	out := func() { g.set(2, "Bearer alice", false) }
	t.Run("websocket", func(t *testing.T) {
		ws := g.socket("/doc", "Authorization", "Bearer alice")
		wantMessage(t, ws, websocket.TextMessage, "v1")
		out()
		wantClose(t, ws, websocket.ClosePolicyViolation)
		if _, resp, err := g.handshake("/doc", "Authorization", "Bearer alice"); err == nil || resp.StatusCode != 401 {
			t.Errorf("a second handshake: %v, %v", resp, err)
		}
	})
	g.set(1, "Bearer alice", true)
	t.Run("longpoll", func(t *testing.T) {
		bob := g.stream("/doc", "text/event-stream", "Authorization", "Bearer bob")
		bob.event()
		tag := g.as("alice", "/doc").Header.Get("Etag")
		waiting := make(chan reply, 1)
		go func() {
			a, _ := g.try("GET", "/doc", "", "Authorization", "Bearer alice", "Prefer", "wait=60", "If-None-Match", tag)
			waiting <- a
		}()
		g.eventually("alice waits", func() bool { return g.stats().Subscribers.Longpoll == 1 })
		g.set(1, "Bearer alice", false)
		if a := <-waiting; a.Response == nil || a.StatusCode != 304 {
			t.Errorf("alice got %v", a)
		}
		if a := g.as("alice", "/doc", "Prefer", "wait=60", "If-None-Match", tag); a.StatusCode != 401 {
			t.Errorf("alice came back: %d", a.StatusCode)
		}
	})
}

// A poll that borrows credentials which have just ended costs the others one
// more poll, and no answer.
func TestPollsGoOnWithTheCredentialsOfThoseWhoAreStillLetIn(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 20ms")
	bob := g.stream("/doc", "text/event-stream", "Authorization", "Bearer bob")
	bob.event()
	for range 10 {
		g.as("alice", "/doc")
	}
	alice := g.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
	alice.event()
	g.set(1, "Bearer alice", false)
	alice.ended() // long before its time: a poll with its credentials was refused
	g.set(2, "Bearer alice", false)
	if got := bob.event(); got != "data: v2" {
		t.Errorf("bob got %q", got)
	}
}

func TestNoCacheInFrontIsToldToKeepWhatEachClientIsLetInFor(t *testing.T) {
	for name, lines := range map[string][]string{"by path": {"authorize: {path: /me}"}, "by resource": {"authorize: {ttl: 1h}"}} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, true, append(lines, "interval: 10ms")...)
			g.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
				return legacy.Answer{Header: http.Header{
					"Cache-Control": {"public, max-age=60"}, "Expires": {"Thu, 01 Jan 2099 00:00:00 GMT"}, "Cdn-Cache-Control": {"max-age=60"}, "Surrogate-Control": {"max-age=60"},
				}, Body: []byte("v1")}
			})
			asks := [][]string{nil, {"If-None-Match", "*"}}
			if name == "by path" {
				asks = append(asks, []string{"Range", "bytes=0-1"}) // else it is the origin that lets the client in
			}
			for _, fields := range asks {
				a := g.as("alice", "/doc", fields...)
				if got := a.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "private, no-cache" ||
					a.Header.Get("Expires")+a.Header.Get("Cdn-Cache-Control")+a.Header.Get("Surrogate-Control") != "" {
					t.Errorf("%v: %d %v", fields, a.StatusCode, a.Header)
				}
			}
		})
	}
}

func TestAnEventSourceThatNobodyCanCheckComesBack(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me}")
	g.origin.Close()
	if a := g.as("alice", "/doc", "Accept", "text/event-stream"); a.StatusCode != 200 || !strings.Contains(a.body, "retry: ") || strings.Contains(a.body, "data:") {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if a := g.as("alice", "/doc"); a.StatusCode != 502 {
		t.Errorf("a poll: %d", a.StatusCode)
	}
}

// One that polls what it is refused costs no more than without a proxy, but for
// the first question.
func TestAClientThatIsRefusedCostsWhatItSends(t *testing.T) {
	g := newGuardian(t, false, "authorize: {path: /me, ttl: 1h}", "interval: 10ms")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path != "/me" && x.Header.Get("Authorization") == "Bearer bob" {
			return legacy.Answer{Status: 403}
		}
		if x.Path != "/me" && x.Header.Get("Authorization") == "" {
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Body: []byte("v1")}
	})
	const polls = 20
	for range polls {
		if a := g.as("bob", "/doc"); a.StatusCode != 403 {
			t.Errorf("%d", a.StatusCode)
		}
	}
	if n := g.polls(); n > polls+2 {
		t.Errorf("the origin got %d requests for %d", n, polls)
	}
}
