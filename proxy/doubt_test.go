package proxy

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"net/http"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// Each of them comes with credentials that the shared poll does not send, and
// another URL: what it would get is not shared, and costs it a second request.
func TestARouteWhoseAnswersAreNeverSharedSoonCostsNoMoreThanItsClientsSend(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: public")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Cache-Control": {"private"}}, Body: []byte(x.Header.Get("Authorization"))}
	})
	const urls = 100
	for i := range urls {
		if a := r.get(fmt.Sprintf("/x/%d", i), "Authorization", "Bearer a"); a.body != "Bearer a" {
			t.Fatalf("%d: %q", i, a.body)
		}
	}
	if n := r.polls(); n > urls+deepDoubt {
		t.Errorf("the origin got %d requests for %d", n, urls)
	}
	r.get("/y") // without credentials the poll's answer is the client's own
	if n := r.polls(); n > urls+deepDoubt+1 {
		t.Errorf("one without credentials cost more: %d", n)
	}
}

func TestDoubtIsTestedOnceInAWhileAndEndsWithSuccess(t *testing.T) {
	now := time.Now()
	d := doubt{epoch: now}
	for range deepDoubt {
		if d.isDeep(now) {
			t.Fatal("it is deep too soon")
		}
		d.note(&feed.Answer{Alone: "private", How: feed.Fetched}, now)
	}
	d.note(&feed.Answer{Update: nil, How: feed.Hit}, now)
	if !d.isDeep(now) || !d.isDeep(now.Add(doubtTime-1)) {
		t.Error("it is not deep")
	}
	now = now.Add(doubtTime)
	if d.isDeep(now) || !d.isDeep(now) {
		t.Error("not exactly one tries again")
	}
	d.vain.Store(0)
	if d.isDeep(now) {
		t.Error("it outlives a success")
	}
}

func TestOneAnswerForManyIsOneDoubt(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: public")
	const clients = deepDoubt
	release := make(chan struct{})
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path == "/alone" && x.Header.Get("Authorization") == "" {
			<-release
			return legacy.Answer{Header: http.Header{"Cache-Control": {"private"}}}
		}
		return legacy.Answer{Body: []byte("v1")}
	})
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			_, _ = r.try("GET", "/alone", "", "Authorization", "Bearer a")
		})
	}
	r.eventually("all wait", func() bool {
		l := r.proxy.feeds.List(time.Now())
		return len(l) == 1 && l[0].Clients == clients
	})
	close(release)
	all.Wait()
	if a := r.get("/open", "Authorization", "Bearer a"); strings.Contains(a.Header.Get("Cache-Status"), "seldom") {
		t.Errorf("one poll that brought nothing to share ended sharing on the route: %v", a.Header)
	}
}

// One client's refusals are no reason for others to have no answers in common.
func TestWhoIsRefusedCastsNoDoubtOnTheRoute(t *testing.T) {
	g := newGuardian(t, false, "authorize: {path: /me, ttl: 1h}", "interval: 1h")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path != "/me" && x.Header.Get("Authorization") != "Bearer alice" {
			return legacy.Answer{Status: 403}
		}
		return legacy.Answer{Body: []byte("v1")}
	})
	for i := range 2 * deepDoubt {
		g.as("bob", fmt.Sprintf("/doc/%d", i))
	}
	if a := g.as("alice", "/doc"); a.Header.Get("Cache-Status") != "pollmux; fwd=miss; stored" {
		t.Errorf("alice: %v", a.Header)
	}
}
