package proxy

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// ended reads to the stream's end, on which nothing but comments and states may
// come.
func (s *stream) ended() {
	s.t.Helper()
	rest, err := io.ReadAll(s.body)
	if err != nil || strings.Contains(string(rest), "data: v") {
		s.t.Errorf("after %q: %v", rest, err)
	}
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

// Whether a client is let in is asked in one way, whatever it wants.
func TestAHeldClientIsAskedAboutAsItWasAtFirst(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 200ms}", "interval: 20ms")
	var odd atomic.Int32
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path == "/me" && x.Header.Get("Accept") != "*/*" {
			odd.Add(1)
			return legacy.Answer{Status: 406}
		}
		return g.answer(x)
	})
	plain := []string{"Accept", "text/plain"}
	tag := g.as("alice", "/doc", plain...).Header.Get("Etag")
	a := g.as("alice", "/doc", append(plain, "Prefer", "wait=1", "If-None-Match", tag)...)
	if odd.Load() != 0 {
		t.Errorf("%d questions were about what the client wants; it got %d", odd.Load(), a.StatusCode)
	}
}
