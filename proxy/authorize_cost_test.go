package proxy

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

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

// Whoever comes once costs one request, and gets the origin's own answer.
func TestAClientThatComesOnceCostsOneRequest(t *testing.T) {
	for name, open := range map[string]bool{"open": true, "guarded": false} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, open, "authorize: {ttl: 1h}", "interval: 1h")
			const urls = 30
			for i := range urls {
				if a := g.as("alice", fmt.Sprintf("/doc/%d", i)); a.StatusCode != 200 || a.body != "v1" {
					t.Fatalf("%d %q", a.StatusCode, a.body)
				}
			}
			if n := g.polls(); n != urls {
				t.Errorf("the origin got %d requests for %d", n, urls)
			}
		})
	}
}

func TestARefusedPollerGetsTheOriginsOwnAnswer(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
	for _, when := range []string{"cold", "with a snapshot"} {
		if a := g.as("mallory", "/doc"); a.StatusCode != 401 || a.body != "who are you?" {
			t.Errorf("%s: %d %q", when, a.StatusCode, a.body)
		}
		g.as("alice", "/doc")
		g.as("alice", "/doc")
	}
	if n := g.polls(); n > 5 {
		t.Errorf("the origin got %d requests", n)
	}
}

// A client that polls more rarely than its consent is good costs no more either.
func TestAClientThatComesRarelyCostsWhatItSends(t *testing.T) {
	for name, open := range map[string]bool{"open": true, "guarded": false} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, open, "authorize: {ttl: 10ms}", "interval: 10ms")
			const polls = 20
			for range polls {
				if a := g.as("alice", "/doc"); a.StatusCode != 200 {
					t.Fatalf("%d", a.StatusCode)
				}
				g.outlive(10 * time.Millisecond)
			}
			if n := g.polls(); n > polls+1 {
				t.Errorf("the origin got %d requests for %d", n, polls)
			}
		})
	}
}

// Nobody who is refused has the origin asked more often than it asks itself.
func TestAClientThatIsRefusedAStreamCostsWhatItSends(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 10ms", "linger: 0s")
	const streams = 10
	for _, accept := range []string{"text/event-stream", "application/x-ndjson"} {
		for range streams {
			if a := g.as("mallory", "/doc", "Accept", accept); a.StatusCode != 401 || a.body != "who are you?" {
				t.Errorf("%d %q", a.StatusCode, a.body)
			}
		}
	}
	for range streams {
		if _, a, err := g.handshake("/doc", "Authorization", "Bearer mallory"); err == nil || a == nil || a.StatusCode != 401 {
			t.Errorf("%v, %v", a, err)
		}
	}
	if n := g.polls(); n > 3*streams+1 {
		t.Errorf("the origin got %d requests for %d", n, 3*streams)
	}
}
