package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/testdata/await"
)

// underway is a request that has begun under the rules of this moment.
func (r *rig) underway(path string, fields ...string) *request {
	req := r.proxy.arrives([]byte(requestText("GET", path, r.addr, "", fields)))
	req.now = time.Now()
	return req
}

// A request that has begun under the old rules is at a different place each time when
// others are applied.
func TestARequestUnderWayGetsNoFeedThatIsNoMore(t *testing.T) {
	r := newRig(t, "share: public", "interval: 1h")
	r.get("/a").want(t, 200, `{"v":1}`)
	known, unknown := r.underway("/a"), r.underway("/b")
	p, old := r.proxy, r.proxy.rules.Load()
	r.reload("share: identity", "interval: 1h")
	for name, req := range map[string]*request{"a feed that there was": known, "one that there was not": unknown} {
		t.Run(name, func(t *testing.T) {
			if req.rules != old {
				t.Fatal("it goes by the new rules already")
			}
			p.serve(req)
			if status := req.ctx.Response.StatusCode(); status != http.StatusUnauthorized {
				t.Errorf("answered %d %q", status, req.ctx.Response.Body())
			}
			if n := p.feeds.Len(); n != 0 {
				t.Errorf("%d feeds", n)
			}
		})
	}
	if r.polls() != 1 {
		t.Errorf("%d polls", r.polls())
	}
}

func TestWhoHasAFeedThatIsRetiredCannotSubscribe(t *testing.T) {
	r := newRig(t, "share: public", "interval: 1h")
	req := r.underway("/a")
	p := r.proxy
	req.route = req.rules.routeOf(&req.head)
	if refused := p.negotiate(req); refused != nil {
		t.Fatal(refused)
	}
	req.route.share.Make(&req.key, &req.head, req.ask)
	f, err := p.feeds.AcquireIn(req.rules.era, req.key.Bytes(), func() *feed.Spec { return p.spec(req) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if a := f.Ask(t.Context(), feed.KeepNone); a.Err != nil {
		t.Fatal(a.Err)
	}
	r.reload("share: identity", "interval: 1h")
	if f.Subscribe(req.key.Vary()) {
		t.Error("it can")
	}
	if _, err := p.feeds.AcquireIn(req.rules.era, req.key.Bytes(), func() *feed.Spec { return p.spec(req) }); !errors.Is(err, feed.ErrOutdated) {
		t.Errorf("there is another one: %v", err)
	}
	r.eventually("it has ended for those who hold it", func() bool { return f.Latest().Ended != nil })
	if _, ok := f.Hit(time.Now()); ok {
		t.Error("it answers")
	}
}

func TestARequestUnderWayGetsAFeedThatLivesOn(t *testing.T) {
	r := newRig(t, "share: public", "interval: 1h")
	r.get("/a")
	known, unknown := r.underway("/a"), r.underway("/b")
	r.reload("share: public", "interval: 10ms")
	for _, req := range []*request{known, unknown} {
		r.proxy.serve(req)
		if status := req.ctx.Response.StatusCode(); status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	}
	s := r.stream("/b", "application/x-ndjson")
	s.line()
	r.eventually("by the terms of now", func() bool { return len(r.requestsTo("/b")) > 3 })
}

// Who polls again and again is known by his connection, and so is a long poll.
func TestAConnectionForgetsWhatTheOldRulesSaidOfIt(t *testing.T) {
	r := newRig(t, "share: public", "interval: 1h", "wait: 60s")
	etag := r.get("/a").Header.Get("ETag")
	c := newPoller(t, r)
	for range 5 {
		if a := c.ask("/a"); a.StatusCode != 200 {
			t.Fatal(a.StatusCode)
		}
	}
	held := newPoller(t, r)
	held.send("/a", "Prefer", "wait=60", "If-None-Match", etag)
	r.eventually("it is held", func() bool { return r.stats().Subscribers.Longpoll == 1 })
	r.reload("share: identity")
	if a := c.ask("/a"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a poller is answered %d %s", a.StatusCode, a.body)
	}
	if a := held.read(); a.StatusCode != http.StatusNotModified {
		t.Errorf("a long poll ends with %d", a.StatusCode)
	}
	if a := held.ask("/a", "Prefer", "wait=60", "If-None-Match", etag); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("and begins again with %d %s", a.StatusCode, a.body)
	}
}

// What one user is told is never told to another, whatever the rules were a moment ago:
// share changes back and forth, under load.
func TestNobodyIsToldWhatIsAnothersWhileRulesChange(t *testing.T) {
	r := newRig(t, "share: identity", "interval: 10ms")
	sayWho(r)
	stop := make(chan struct{})
	var asked, foreign atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			own := fmt.Sprintf("Bearer user-%d-secret", i)
			c := newPoller(t, r)
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, err := c.try("/a", "Authorization", own)
				if err != nil {
					t.Error(err)
					return
				}
				if asked.Add(1); a.StatusCode == 200 && !strings.Contains(a.body, own) && !strings.Contains(a.body, `"nobody"`) {
					foreign.Add(1)
				}
			}
		})
	}
	for i := range 40 {
		n := asked.Load()
		r.reload([]string{"share: identity", "share: public", "share: auto", "mode: pass"}[i%4])
		await.Until(t, "they ask", func() bool { return asked.Load() > n+20 })
	}
	close(stop)
	all.Wait()
	if foreign.Load() > 0 {
		t.Errorf("%d of %d answers were another's", foreign.Load(), asked.Load())
	}
}

func TestReloadsLeaveNothingBehind(t *testing.T) {
	r := newRig(t, "interval: 1h")
	held := r.stream("/held", "application/x-ndjson")
	held.line()
	variants := [][]string{
		{"interval: 1h"},
		{"interval: {min: 1s, max: 1h}", "timeouts: {idle: 30s}"},
		{"interval: 1h", "mode: coalesce", "key: {headers: [X-Build]}", "limits: {request_header: 20KiB}"},
		{"mode: observe"},
	}
	once := func(i int) {
		yaml := routeYAML(r.origin.URL(), variants[i%len(variants)])
		if i%3 == 0 && i%len(variants) < 2 {
			yaml = strings.Replace(yaml, "    timeout: 3s\n", "    timeout: 3s\n    budget: 100/s\n", 1)
		}
		r.reloadBy(yaml)
		if i%10 == 0 {
			r.get(fmt.Sprintf("/%d", i))
		}
	}
	for i := range 24 {
		once(i)
	}
	before, files := await.Running(), descriptors()
	for i := range 1000 {
		once(i)
	}
	r.eventually("what ran has ended", func() bool { return await.Running() <= before+2*r.proxy.Feeds().Len() })
	r.eventually("what was open is closed", func() bool { return descriptors() <= files+2 })
	if n := len(r.proxy.servers); n > 5 {
		t.Errorf("%d servers", n)
	}
}

func TestAProxyThatHasEndedTakesNoConfiguration(t *testing.T) {
	r := newRig(t, "interval: 1h")
	c, err := config.Parse("test.yaml", []byte(routeYAML(r.origin.URL(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := r.proxy.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := r.proxy.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := prepared.Apply(); !errors.Is(err, ErrStopped) {
		t.Errorf("applied: %v", err)
	}
	if _, err := r.proxy.Reload(c); !errors.Is(err, ErrStopped) {
		t.Errorf("reloaded: %v", err)
	}
}
