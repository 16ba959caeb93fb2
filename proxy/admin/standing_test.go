package admin

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/testdata/await"
)

func TestTheMetricsCountStaleFeeds(t *testing.T) {
	s := newStub(t)
	policy := share.NewPolicy("scores", config.DefaultRoute(), "", share.Secret{})
	status := 200 // of the first answer only; the feed asks one by one
	f, err := s.feeds.Acquire([]byte("/x"), func() *feed.Spec {
		return &feed.Spec{
			Route: "scores", Key: "/x", Target: "/x", Share: policy, Vary: policy.Vary(), Meter: s.ledger.Routes()[0],
			Terms: &feed.Terms{
				Policy: &feed.Policy{Interval: time.Millisecond, Timeout: await.Patience, Linger: time.Hour, StaleIfError: time.Hour},
				Origin: originFunc(func() *origin.Response {
					answer := &origin.Response{Status: status, Length: 2, Body: io.NopCloser(strings.NewReader("v1"))}
					status = 503
					return answer
				}),
			},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if a := f.Ask(t.Context(), feed.KeepNone); a.Err != nil || !f.Subscribe(policy.Vary()) {
		t.Fatal(a.Err)
	}
	defer f.Unsubscribe()
	r := newRig(t, s, "")
	await.Until(t, "it is stale", func() bool {
		return strings.Contains(r.do("GET", "/metrics").body, `pollmux_stale_feeds{route="scores"} 1`) && strings.Contains(r.do("GET", "/api/stats").body, `"stale_feeds": 1`)
	})
	if g := r.view().glance(); g.Feeds.Stale != 1 || g.Feeds.Top[0].Stale == "" {
		t.Errorf("the dashboard is told of %+v", g.Feeds)
	}
}
