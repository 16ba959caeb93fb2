package proxy

import (
	"fmt"
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
