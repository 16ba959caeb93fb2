package ledger

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/upgrade"
)

var _ feed.Meter = (*Route)(nil)

// contract is GET /api/stats as SPEC.md section 8 has it, letter by letter, with what
// was added to it.
const contract = `{"totals": ROUTE, "routes": [ROUTE], "config": {"loaded_at": "", "revision": "", "reloads": 0, "refused": 0,
        "unchanged": 0, "last_error": null}}`

const contractRoute = `{"name": "scores",
        "client_requests": {"poll": 0, "longpoll": 0, "sse": 0, "ndjson": 0, "multipart": 0, "websocket": 0, "pass": 0},
        "upstream_requests": {"poll": 0, "authorize": 0, "pass": 0}, "upstream_not_modified": 0, "upstream_errors": 0,
        "saved_requests_measured": 0, "saved_requests_estimated": 0, "saved_bytes": 0, "saved_origin_seconds": 0.0,
        "feeds": 0, "subscribers": {"longpoll": 0, "sse": 0, "ndjson": 0, "multipart": 0, "websocket": 0},
        "updates": 0, "deliveries": 0, "staleness_seconds": {"p50": 0.0, "p99": 0.0}, "delivery_seconds": {"p50": 0.0, "p99": 0.0}}`

// added is what users turned out to need besides.
var added = []string{".taken_at", ".uptime_seconds", ".connections", ".stale_feeds", ".routes[].interval_seconds"}

// paths lists the keys of a document with the types of their values.
func paths(at string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			paths(at+"."+key, value, into)
		}
	case []any:
		for _, value := range v {
			paths(at+"[]", value, into)
		}
	default:
		into[at] = fmt.Sprintf("%T", v)
	}
}

func pathsOf(t *testing.T, text string) map[string]string {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	paths("", doc, all)
	return all
}

func TestTheStatisticsHaveTheShapeOfTheContract(t *testing.T) {
	l := New()
	l.Route("scores", time.Second)
	text, err := json.Marshal(l.Stats())
	if err != nil {
		t.Fatal(err)
	}
	got, want := pathsOf(t, string(text)), pathsOf(t, strings.ReplaceAll(contract, "ROUTE", contractRoute))
	for path, kind := range want {
		if got[path] != kind {
			t.Errorf("%s is %q, want %q", path, got[path], kind)
		}
		delete(got, path)
	}
	for _, path := range added {
		delete(got, path)
	}
	if len(got) > 0 { // limit_hits and unshared are empty here
		t.Errorf("not in the contract: %v", slices.Sorted(maps.Keys(got)))
	}
}

func TestAnEmptyLedgerHasListsAndNotNull(t *testing.T) {
	text, err := json.Marshal(New().Stats())
	if err != nil || strings.Contains(strings.Replace(string(text), `"last_error":null`, "", 1), "null") {
		t.Errorf("%s, %v", text, err)
	}
}

// story is a morning on a route.
func story(r *Route) {
	for i, t := range []upgrade.Transport{upgrade.Pass, upgrade.Poll, upgrade.Longpoll, upgrade.SSE, upgrade.NDJSON, upgrade.Multipart, upgrade.WebSocket} {
		for range i + 1 {
			r.Requested(t)
		}
	}
	r.Opened()
	r.Opened()
	r.Closed()
	r.Polled(time.Second, 100, false, "")
	r.Polled(time.Second, 0, true, "")
	r.Polled(time.Second, 0, false, "the origin answers 503")
	r.Passed()
	r.Passed()
	r.PassFailed()
	r.Saved(1000, 1500*time.Millisecond)
	r.Saved(0, 500*time.Millisecond)
	r.Updated()
	r.Unshared("set-cookie")
	r.Unshared("set-cookie")
	r.Unshared("range")
	r.Served(time.Second)
	s := r.Held(upgrade.SSE)
	s.since = s.since.Add(-time.Minute)
	r.Held(upgrade.SSE)
	r.Held(upgrade.Longpoll).Left()
	s.Delivered(&upgrade.Update{Polled: time.Now().Add(-3 * time.Second), Received: time.Now().Add(-2 * time.Second)})
	time.Sleep(5 * time.Second)
}

func wantStory(name string, times int64) RouteStats {
	return RouteStats{
		Name:                   name,
		ClientRequests:         ClientRequests{Pass: 1 * times, Poll: 2 * times, Longpoll: 3 * times, SSE: 4 * times, NDJSON: 5 * times, Multipart: 6 * times, WebSocket: 7 * times},
		UpstreamRequests:       UpstreamRequests{Poll: 3 * times, Pass: 2 * times},
		UpstreamNotModified:    1 * times,
		UpstreamErrors:         2 * times,
		SavedRequestsMeasured:  2 * times,
		SavedRequestsEstimated: 10 * times, // two for five seconds
		SavedBytes:             1000 * times,
		SavedOriginSeconds:     2 * float64(times),
		Feeds:                  1 * times,
		Subscribers:            Subscribers{SSE: 2 * times},
		Updates:                1 * times,
		Deliveries:             1 * times,
		Unshared:               map[string]int64{"set-cookie": 2 * times, "range": 1 * times},
	}
}

// about checks the quantiles and takes them out.
func about(t *testing.T, s RouteStats) RouteStats {
	t.Helper()
	for want, got := range map[float64]float64{1: s.StalenessSeconds.P50, 3: s.StalenessSeconds.P99, 2: s.DeliverySeconds.P50} {
		if got < want*0.9 || got > want*1.1 {
			t.Errorf("%s: %v is not about %v", s.Name, got, want)
		}
	}
	s.StalenessSeconds, s.DeliverySeconds, s.IntervalSeconds = Quantiles{}, Quantiles{}, 0
	return s
}

func TestTheAccountAddsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		first, second := l.Route("first", time.Second), l.Route("second", 2*time.Second)
		l.LimitHit("feeds")
		l.LimitHit("feeds")
		story(first)
		s := l.Stats()
		if got, want := about(t, s.Routes[0]), wantStory("first", 1); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if fmt.Sprint(s.Limits) != "map[feeds:2]" {
			t.Errorf("limits %v", s.Limits)
		}
		story(second)
		s = l.Stats()
		want := wantStory("totals", 2)
		want.SavedRequestsEstimated = 20 + 5 // the first went on for five seconds, the second is half as quick
		if got := about(t, s.Totals); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestTheLedgerIsReadWhileItIsWritten(t *testing.T) {
	l := New()
	routes := []*Route{l.Route("a", time.Second), l.Route("b", time.Second)}
	const rounds = 2000
	var clients sync.WaitGroup
	for i := range 8 {
		r := routes[i%2]
		clients.Go(func() {
			for range rounds {
				s := r.Held(upgrade.SSE)
				r.Requested(upgrade.SSE)
				r.Unshared([]string{"x", "y"}[i/4])
				s.Delivered(&upgrade.Update{Polled: time.Now(), Received: time.Now()})
				l.LimitHit("feeds")
				s.Left()
			}
		})
	}
	clients.Go(func() {
		for range 200 {
			s := l.Stats()
			if n := s.Totals.Subscribers.SSE; n < 0 || n > 8 {
				t.Errorf("%d subscribers", n)
			}
		}
	})
	clients.Wait()
	s := l.Stats()
	if s.Totals.ClientRequests.SSE != 8*rounds || s.Totals.Deliveries != 8*rounds || s.Limits["feeds"] != 8*rounds ||
		s.Totals.Unshared["x"] != 4*rounds || s.Totals.Subscribers.SSE != 0 {
		t.Errorf("got %+v", s)
	}
}
