package admin

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
)

// viewer is somebody who looks at the dashboard.
type viewer struct {
	t *testing.T
	*http.Response
	lines *bufio.Scanner
}

// view opens the stream.
func (r *rig) view(fields ...string) *viewer {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	r.t.Cleanup(cancel)
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+r.addr+"/api/live", nil)
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	v := &viewer{t: r.t, Response: resp}
	v.read(resp.Body)
	return v
}

func (v *viewer) read(from io.Reader) {
	v.lines = bufio.NewScanner(from)
	v.lines.Buffer(nil, 1<<20)
}

// glance waits for the next one.
func (v *viewer) glance() (g glance) {
	v.t.Helper()
	for v.lines.Scan() {
		text, isData := strings.CutPrefix(v.lines.Text(), "data: ")
		if !isData && !strings.HasPrefix(text, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			v.t.Fatal(err)
		}
		return g
	}
	v.t.Fatalf("the stream has ended: %v", v.lines.Err())
	return g
}

func TestAViewerSeesWhatIsNowAndWhatComes(t *testing.T) {
	s := newStub(t)
	f := acquire(t, s.feeds, "/x", "")
	defer f.Release()
	r := newRig(t, s, "")
	v := r.view()
	if kind := v.Header.Get("Content-Type"); kind != "text/event-stream" || v.Header.Get("X-Content-Type-Options") != "nosniff" || v.Header.Get("Cache-Control") != "no-store, no-transform" {
		t.Errorf("the head is %v", v.Header)
	}
	first := v.glance()
	if first.Stats.Routes[0].Name != "scores" || len(first.Now.Routes) != 1 || first.Feeds.Count != 1 || first.Feeds.Top[0].Route != "scores" || first.Unready != "" {
		t.Errorf("got %+v", first)
	}
	if p := first.Process; p.Goroutines == 0 || p.Processors == 0 || !strings.HasPrefix(p.Go, "go") {
		t.Errorf("the process: %+v", p)
	}
	s.fails(fmt.Errorf("draining"))
	s.ledger.Routes()[0].Requested(upgrade.Poll)
	for g := v.glance(); g.Stats.Totals.ClientRequests.Poll != 1 || g.Unready != "draining"; g = v.glance() {
		if !g.Began.Equal(first.Began) || !g.At.After(first.At) {
			t.Errorf("%v of %v, after %v of %v", g.At, g.Began, first.At, first.Began)
		}
	}
}

func TestTheStreamComesAsLinesAndCompressedToo(t *testing.T) {
	r := newRig(t, newStub(t), "")
	lines := r.view("Accept", "application/x-ndjson")
	if lines.Header.Get("Content-Type") != "application/x-ndjson" || lines.glance().Stats.Routes[0].Name != "scores" {
		t.Errorf("got %v", lines.Header)
	}
	pressed := r.view("Accept-Encoding", "br, gzip")
	if pressed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %v", pressed.Header)
	}
	plain, err := gzip.NewReader(pressed.Body)
	if err != nil {
		t.Fatal(err)
	}
	pressed.read(plain)
	pressed.glance()
	r.do("HEAD", "/api/live").want(t, 200, "")
	r.do("GET", "/api/live", "Sec-Fetch-Site", "cross-site").want(t, 403, "a page elsewhere")
}

// Nobody looks, so nothing is looked at; and whoever comes later sees nothing old.
func TestNoGlanceIsTakenForNobody(t *testing.T) {
	a := New(newStub(t), Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		a.Serve(l)
	}()
	defer func() {
		a.Close()
		<-served
	}()
	r := &rig{t: t, addr: l.Addr().String()}
	first := r.view()
	if first.glance(); a.live.Latest().Update == nil {
		t.Error("there was no glance")
	}
	_ = first.Body.Close()
	await.Until(t, "it is forgotten", func() bool { return a.live.Latest().Update == nil })
	if n := a.live.viewers.Load(); n != 0 {
		t.Errorf("%d viewers", n)
	}
	came := time.Now()
	if g := r.view().glance(); g.At.Before(came) {
		t.Errorf("the first glance is %v old", came.Sub(g.At))
	}
}

func TestOneViewerTooManyIsAskedToComeLater(t *testing.T) {
	r := newRig(t, newStub(t), "")
	for range mostViewers {
		r.view().glance()
	}
	a := r.do("GET", "/api/live").want(t, 200, "")
	if !strings.Contains(a.body, "retry: ") || strings.Contains(a.body, "data:") {
		t.Errorf("got %q", a.body)
	}
}

func TestClosingEndsTheStreamsAndAllGoroutines(t *testing.T) {
	await.Goroutines(t)
	s := newStub(t)
	r := newRig(t, s, "")
	v := r.view()
	v.glance()
}

func TestAPanicCostsAGlance(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	s.panics(true)
	v := r.view()
	await.Until(t, "it is logged", func() bool { return strings.Contains(r.log.String(), "the dashboard was not told") })
	s.panics(false)
	v.glance()
}

func TestTheFirstFeedsAreThoseThatAreStaleAndThenThoseOfMostClients(t *testing.T) {
	all := []feed.Info{{Feed: "few", Clients: 1}, {Feed: "most", Clients: 9}, {Feed: "stale", Stale: "500"}}
	for i := range mostFeeds {
		all = append(all, feed.Info{Feed: fmt.Sprint(i), Clients: 2})
	}
	c := crowdOf(all)
	if c.Count != mostFeeds+3 || c.Stale != 1 || len(c.Top) != mostFeeds || c.Top[0].Feed != "stale" || c.Top[1].Feed != "most" {
		t.Errorf("%d of %d, %d stale: %+v", len(c.Top), c.Count, c.Stale, c.Top[:2])
	}
}

func TestTheHistoryIsTold(t *testing.T) {
	r := newRig(t, newStub(t), "")
	await.Until(t, "there is a point", func() bool {
		return strings.Contains(r.do("GET", "/api/history").want(t, 200, `{"step_seconds":5,"until":"`).body, `"would_per_second":[0]`)
	})
	r.do("GET", "/api/history?route=scores").want(t, 200, `{"step_seconds":5,`)
	r.do("GET", "/api/history?route=nobody").want(t, 404, "there is no such route")
	r.do("GET", "/api/history?route=").want(t, 404, "there is no such route")
}

// BenchmarkGlance is what a second of the dashboard costs, whoever many look.
func BenchmarkGlance(b *testing.B) {
	for _, routes := range []int{10, 1000} {
		b.Run(fmt.Sprint(routes), func(b *testing.B) {
			s := benchStub(b, routes)
			a := New(s, Options{})
			a.history.Tick(time.Now().Add(time.Minute), s.ledger)
			b.ReportAllocs()
			var size int
			for b.Loop() {
				a.live.look(time.Now())
				size = len(a.live.Latest().Update.Body)
			}
			b.ReportMetric(float64(size), "bytes")
			pace := float64(1 + routes/routesPerPace)
			b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/pace, "%core")
		})
	}
}
