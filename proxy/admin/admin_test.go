package admin

import (
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/ledger"
)

func TestEveryEndpointAnswers(t *testing.T) {
	r := newRig(t, newStub(t), "")
	for path, want := range map[string]struct{ kind, beginning string }{
		"/":                    {"text/html; charset=utf-8", "<"},
		"/api/stats":           {"application/json", "{\n"},
		"/api/feeds":           {"application/json", "[]"},
		"/api/history":         {"application/json", `{"step_seconds":5,`},
		"/metrics":             {"text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "# HELP"},
		"/healthz":             {"text/plain; charset=utf-8", "ok\n"},
		"/readyz":              {"text/plain; charset=utf-8", "ready\n"},
		"/debug/pprof/":        {"text/html; charset=utf-8", "<html>"},
		"/debug/pprof/cmdline": {"text/plain; charset=utf-8", ""},
		"/debug/pprof/symbol":  {"text/plain; charset=utf-8", "num_symbols: 1"},
		"/debug/pprof/heap":    {"application/octet-stream", ""},
	} {
		a := r.do("GET", path).want(t, 200, want.beginning)
		if kind := a.Header.Get("Content-Type"); kind != want.kind {
			t.Errorf("%s is %q", path, kind)
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	if policy := r.do("GET", "/").Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the dashboard's policy is %q", policy)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	r := newRig(t, newStub(t), "")
	for _, path := range []string{"/x", "/api", "/api/", "/api/statsx", "/metrics/", "/index.html", "/healthz/x"} {
		r.do("GET", path).want(t, 404, "")
	}
}

func TestAnotherMethodIsNotAllowed(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for _, path := range []string{"/", "/api/stats", "/api/feeds", "/metrics", "/healthz", "/readyz"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			if a := r.do(method, path).want(t, 405, ""); a.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: Allow: %q", method, path, a.Header.Get("Allow"))
			}
		}
		r.do("HEAD", path).want(t, 200, "")
	}
	if a := r.do("GET", "/api/refresh?path=/x").want(t, 405, ""); a.Header.Get("Allow") != "POST" || len(s.saw()) > 0 {
		t.Errorf("Allow: %q, refreshed %v", a.Header.Get("Allow"), s.saw())
	}
}

func TestReadinessSaysWhyNot(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for _, why := range []string{"draining", "upstream api: the origin cannot be reached"} {
		s.fails(errors.New(why))
		r.do("GET", "/readyz").want(t, 503, why+"\n")
		r.do("GET", "/healthz").want(t, 200, "ok\n")
	}
	if !strings.Contains(r.do("GET", "/metrics").body, "\npollmux_ready 0\n") {
		t.Error("the metrics do not say so")
	}
	s.fails(nil)
	r.do("GET", "/readyz").want(t, 200, "ready\n")
}

func TestWithoutAccessReadinessIsAllThatIsTold(t *testing.T) {
	s := newStub(t)
	s.fails(errors.New("upstream api: dial tcp 10.0.0.7:9000: connection refused"))
	open, closed := newRig(t, s, ""), newRig(t, s, "secret")
	open.do("GET", "/readyz", "Host", "evil.example").want(t, 503, "not ready\n")
	closed.do("GET", "/readyz").want(t, 503, "not ready\n")
	closed.do("GET", "/readyz", "Authorization", "Bearer secret").want(t, 503, "upstream api: dial tcp")
}

func TestTheStatisticsAreTheLedgers(t *testing.T) {
	s := newStub(t)
	s.ledger.LimitHit("feeds")
	r := newRig(t, s, "")
	var stats ledger.Stats
	if err := json.Unmarshal([]byte(r.do("GET", "/api/stats").body), &stats); err != nil {
		t.Fatal(err)
	}
	if len(stats.Routes) != 1 || stats.Routes[0].Name != "scores" || stats.Limits["feeds"] != 1 {
		t.Errorf("got %+v", stats)
	}
	metrics := r.do("GET", "/metrics").body
	for _, line := range []string{
		`pollmux_client_requests_total{route="scores",transport="poll"} 0`, `pollmux_limit_hits_total{limit="feeds"} 1`,
		`pollmux_delivery_seconds_bucket{route="scores",le="0.001"} 0`, `pollmux_delivery_seconds_bucket{route="scores",le="+Inf"} 0`,
		"go_goroutines ", "process_open_fds ", "pollmux_ready 1", `pollmux_stale_feeds{route="scores"} 0`,
	} {
		if !slices.ContainsFunc(strings.Split(metrics, "\n"), func(l string) bool { return strings.HasPrefix(l, line) }) {
			t.Errorf("no line %q", line)
		}
	}
}

func TestTheFeedsAreListed(t *testing.T) {
	s := newStub(t)
	f := acquire(t, s.feeds, "/x", "")
	defer f.Release()
	var list []feed.Info
	if err := json.Unmarshal([]byte(newRig(t, s, "").do("GET", "/api/feeds").body), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Route != "scores" || list[0].Version != 1 || list[0].Bytes != 2 || list[0].Clients != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestAnAdminThatIsClosedServesNobody(t *testing.T) {
	a := New(newStub(t), Options{})
	a.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.Serve(l) // returns at once
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is open")
	}
}
