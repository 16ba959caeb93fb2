package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Many an old origin answers any method with the resource.
func TestOnlyAPreflightNeedsNoConsentAndItSeesNothing(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 1h}")
	cors := []string{"Origin", "https://a", "Access-Control-Request-Method", "GET"}
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		a := g.answer(x)
		a.Header.Set("Etag", `"v1"`)
		a.Header.Set("Access-Control-Allow-Origin", "https://a")
		return a
	})
	for _, fields := range [][]string{
		nil, {"Authorization", "Bearer mallory"}, {"Origin", "https://a"}, append([]string{"X-HTTP-Method-Override", "GET"}, cors...),
		append([]string{"Content-Length", "0", "Connection", "Upgrade", "Upgrade", "x"}, cors...),
	} {
		if a := g.do("OPTIONS", "/doc", "", fields...); a.StatusCode != 401 {
			t.Errorf("%v: %d %q", fields, a.StatusCode, a.body)
		}
	}
	a := g.do("OPTIONS", "/doc", "", cors...)
	if a.StatusCode != 200 || a.body != "" || a.Header.Get("Etag") != "" || a.Header.Get("Content-Type") != "" {
		t.Errorf("%d %q, %v", a.StatusCode, a.body, a.Header)
	}
	if a.Header.Get("Access-Control-Allow-Origin") != "https://a" {
		t.Errorf("no answer to what was asked: %v", a.Header)
	}
	if a := g.do("OPTIONS", "/doc", "", "Authorization", "Bearer alice"); a.StatusCode != 200 || a.body != "v1" {
		t.Errorf("alice: %d %q", a.StatusCode, a.body)
	}
}

// An origin, or a cache in front of it, may answer a condition before it looks at
// credentials. The feed's validator is none that a stranger could have sent.
func TestNobodyIsLetInByAnAnswerToPollmuxsOwnCondition(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 10ms")
	var met atomic.Int32
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Header.Get("If-None-Match") == `"1"` {
			return legacy.Answer{Status: 304, Header: http.Header{"Etag": {`"1"`}}}
		}
		if x.Header.Get("Authorization") != "Bearer alice" {
			met.Add(1)
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Header: http.Header{"Etag": {`"1"`}}, Body: []byte("secret")}
	})
	g.as("alice", "/doc")
	g.eventually("the feed is outdated often enough", func() bool {
		if a := g.as("mallory", "/doc"); a.StatusCode != 401 {
			t.Errorf("mallory: %d %q", a.StatusCode, a.body)
		}
		g.as("alice", "/doc")
		return met.Load() > 20
	})
}

// An origin may answer a condition before it looks at credentials: its 304 to a
// condition of pollmux's own says nothing of whoever lent them.
func TestNoConsentIsRenewedByAnAnswerToPollmuxsOwnCondition(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 200ms}", "interval: 20ms")
	var version atomic.Value
	version.Store(`"1"`)
	var out atomic.Bool
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		tag := version.Load().(string)
		switch who := x.Header.Get("Authorization"); {
		case x.Header.Get("If-None-Match") == tag:
			return legacy.Answer{Status: 304, Header: http.Header{"Etag": {tag}}}
		case who == "", who == "Bearer alice" && out.Load():
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Header: http.Header{"Etag": {tag}}, Body: []byte("v" + strings.Trim(tag, `"`))}
	})
	s := g.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
	if got := s.event(); got != "data: v1" {
		t.Fatal(got)
	}
	out.Store(true)
	g.outlive(500 * time.Millisecond)
	if n := g.stats().Subscribers.SSE; n != 0 {
		t.Errorf("alice is still held, long after ttl")
	}
	if a := g.as("alice", "/doc"); a.StatusCode != 401 {
		t.Errorf("alice: %d %q", a.StatusCode, a.body)
	}
}

// Nobody in particular is refused: each browser is sent to log in with a state of
// its own.
func TestARefusalIsForOneClientOnly(t *testing.T) {
	for _, line := range []string{"authorize: {ttl: 1h}", "authorize: {path: /me, ttl: 1h}"} {
		g := newGuardian(t, false, line, "interval: 1h")
		var n, waiting atomic.Int32
		const clients = 8
		full := make(chan struct{})
		g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
			if x.Header.Get("Authorization") != "" {
				return legacy.Answer{Body: []byte("v1")}
			}
			<-full
			return legacy.Answer{Status: 302, Header: http.Header{"Location": {fmt.Sprint("/login?state=", n.Add(1))}}}
		})
		var seen sync.Map
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				if waiting.Add(1) == clients {
					time.AfterFunc(50*time.Millisecond, func() { close(full) })
				}
				a, err := g.try("GET", "/doc", "")
				if err != nil || a.StatusCode != 302 {
					t.Errorf("%v, %v", a.Response, err)
					return
				}
				if _, again := seen.LoadOrStore(a.Header.Get("Location"), true); again {
					t.Errorf("%s: two clients were sent to %s", line, a.Header.Get("Location"))
				}
			})
		}
		all.Wait()
		if got := n.Load(); got > clients {
			t.Errorf("%d requests for %d", got, clients)
		}
	}
}

// What a poll brings that took longer than a consent is good is newer than that.
func TestAPollThatTakesLongDoesNotOutlastTheConsentOfWhoWaitsForIt(t *testing.T) {
	for _, line := range []string{"authorize: {path: /me, ttl: 100ms}", "authorize: {ttl: 100ms}"} {
		g := newGuardian(t, true, line, "interval: 10ms")
		var out atomic.Bool
		polled, alice := make(chan struct{}), make(chan reply, 1)
		g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
			switch who := x.Header.Get("Authorization"); {
			case who != "" && out.Load(), who == "" && x.Path == "/me":
				return legacy.Answer{Status: 401}
			case who == "" && out.CompareAndSwap(false, true): // the poll that alice waits for
				close(polled)
				time.Sleep(300 * time.Millisecond)
			}
			return legacy.Answer{Body: []byte("secret")}
		})
		go func() {
			for { // one that finds no snapshot is answered by the question about it
				a, err := g.try("GET", "/doc", "", "Authorization", "Bearer alice")
				if out.Load() || err != nil {
					alice <- a
					return
				}
			}
		}()
		<-polled
		if a := <-alice; a.Response == nil || a.StatusCode != 401 || a.body == "secret" {
			t.Errorf("%s: alice got %v %q", line, a.Response, a.body)
		}
	}
}

func TestAHeldClientDoesNotStayWhileTheOriginSaysNothingAboutIt(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 100ms}", "interval: 10ms", "stale_if_error: 0s")
	var silent atomic.Bool
	silence := make(chan struct{})
	t.Cleanup(func() { close(silence) })
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path == "/me" && silent.Load() {
			<-silence
		}
		return g.answer(x)
	})
	s := g.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
	s.event()
	silent.Store(true)
	begin := time.Now()
	s.ended()
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it stayed for %v", took)
	}
}
