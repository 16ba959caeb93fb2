package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAPollIsAnsweredFromTheSnapshotWithinTheInterval(t *testing.T) {
	r := newRig(t, "interval: 1h")
	first := r.get("/scores").want(t, 200, `{"v":1}`)
	if got := first.Header.Get("Cache-Status"); got != "pollmux; fwd=miss; stored" {
		t.Errorf("first: Cache-Status %q", got)
	}
	second := r.get("/scores").want(t, 200, `{"v":1}`)
	if got := second.Header.Get("Cache-Status"); got != "pollmux; hit" {
		t.Errorf("second: Cache-Status %q", got)
	}
	for name, want := range map[string]string{"Age": "0", "Vary": "Accept, Prefer, Accept-Encoding", "Via": "1.1 pollmux", "Content-Type": "application/json", "Cache-Control": "no-cache"} {
		if got := second.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	etag := second.Header.Get("ETag")
	r.get("/scores", "If-None-Match", etag).want(t, 304, "")
	r.get("/scores", "If-None-Match", `"x", W/`+etag).want(t, 304, "")
	r.get("/scores", "If-None-Match", `*`).want(t, 304, "")
	r.get("/scores", "If-None-Match", `"other"`).want(t, 200, `{"v":1}`)
	if head := r.do("HEAD", "/scores", ""); head.StatusCode != 200 || head.ContentLength != 7 || head.Header.Get("ETag") != etag {
		t.Errorf("HEAD: %d, length %d, %v", head.StatusCode, head.ContentLength, head.Header)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestConcurrentFirstPollsCostOneRequest(t *testing.T) {
	for name, path := range map[string]func(int) string{
		"same URL":     func(int) string { return "/slow?x=1" },
		"cache buster": func(i int) string { return fmt.Sprintf("/slow?x=1&_=%d", i) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 1h")
			release := make(chan struct{})
			r.origin.Break(legacy.HangBeforeHead(release))
			var clients sync.WaitGroup
			for i := range 100 {
				clients.Go(func() {
					if a, err := r.try("GET", path(i), ""); err != nil || a.body != `{"v":1}` {
						t.Errorf("got %q, %v", a.body, err)
					}
				})
			}
			r.eventually("all 100 wait", func() bool { return r.proxy.waiting() == 100 })
			close(release)
			clients.Wait()
			if n := r.polls(); n != 1 {
				t.Errorf("the origin got %d requests", n)
			}
			if s := r.stats(); s.SavedRequestsMeasured != 99 || s.ClientRequests.Poll != 100 || s.UpstreamRequests.Poll != 1 {
				t.Errorf("account: %+v", s)
			}
		})
	}
}

func TestPollersCostAtMostOneRequestPerInterval(t *testing.T) {
	r := newRig(t, "interval: 200ms")
	var clients sync.WaitGroup
	begin := time.Now()
	for range 50 {
		clients.Go(func() {
			for time.Since(begin) < time.Second {
				if _, err := r.try("GET", "/scores", ""); err != nil {
					t.Error(err)
				}
				time.Sleep(50 * time.Millisecond) // a legacy client's own pace
			}
		})
	}
	clients.Wait()
	most := int(time.Since(begin)/(200*time.Millisecond)) + 1
	if n := r.polls(); n > most || n < 2 {
		t.Errorf("the origin got %d requests, want at most %d", n, most)
	}
}

func TestAChangeIsSeenAfterTheInterval(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.get("/scores").want(t, 200, `{"v":1}`)
	r.body(`{"v":2}`)
	r.eventually("the new version", func() bool { return r.get("/scores").body == `{"v":2}` })
}

func TestTheUpstreamPollIsConditionalAndKeepsTheOriginsStrongTag(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.AnswerFunc(legacy.Conditional(legacy.Answer{Header: http.Header{"Etag": {`"strong-1"`}}, Body: []byte("one")}))
	if got := r.get("/x").Header.Get("ETag"); got != `"strong-1"` {
		t.Fatalf("ETag %s", got)
	}
	r.eventually("a 304", func() bool { r.get("/x").want(t, 200, "one"); return r.stats().UpstreamNotModified > 0 })
	last := r.origin.Requests()[r.polls()-1]
	if !strings.Contains(string(last.Head), "If-None-Match: \"strong-1\"\r\n") {
		t.Errorf("the poll was not conditional:\n%s", last.Head)
	}
	if s := r.stats(); s.Updates != 1 {
		t.Errorf("%d updates", s.Updates)
	}
}
