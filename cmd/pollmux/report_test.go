package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAReportOfARunningProxyAndOfASavedReading(t *testing.T) {
	s := startSite(t)
	for range 20 {
		if code, _ := fetch(t, s.url()+"/scores"); code != 200 {
			t.Fatal(code)
		}
	}
	code, live, stderr := runLine(t, "report", "--admin", s.admin)
	if code != 0 || stderr != "" || !strings.Contains(live, "requests instead of 20: ") || !strings.Contains(live, "\n| /scores | 20 | ") {
		t.Errorf("exit %d, %q\n%s", code, stderr, live)
	}
	_, stats := fetch(t, "http://"+s.admin+"/api/stats")
	saved := filepath.Join(t.TempDir(), "stats.json")
	write(t, saved, stats)
	if code, page, stderr := runLine(t, "report", "--stats", saved); code != 0 || !strings.Contains(page, "requests instead of 20: ") {
		t.Errorf("exit %d, %q\n%s", code, stderr, page)
	}
	if code, page, stderr := runLine(t, "report", "--stats", saved, "--since", saved); code != 0 || !strings.Contains(page, "between two readings.\n\n**There were no requests.**") {
		t.Errorf("exit %d, %q\n%s", code, stderr, page)
	}
	if code, page, stderr := runLine(t, "report", "--admin", s.admin, "--for", "50ms", "--since", ""); code != 0 || !strings.Contains(page, "between two readings") {
		t.Errorf("exit %d, %q\n%s", code, stderr, page)
	}
	write(t, saved, "{}")
	if code, _, stderr := runLine(t, "report", "--stats", saved); code != 1 || stderr != "pollmux: --stats: "+saved+": it is not what GET /api/stats answers: it has no routes or no uptime_seconds; save it with curl http://127.0.0.1:9090/api/stats\n" {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// The proof, before switching on: an observed route says what it would save and whether
// it is safe to share, wherever one looks.
func TestWhatIsObservedIsToldEverywhere(t *testing.T) {
	origin := legacy.NewFaulty(legacy.Answer{}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		body := "the same for all"
		if x.Path == "/friends" {
			body = "the friends of " + x.Header.Get("Cookie")
		}
		return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(body)}
	})
	file := filepath.Join(t.TempDir(), "pollmux.yaml")
	write(t, file, `listen: "127.0.0.1:0"
admin: {listen: "127.0.0.1:0"}
upstreams: {api: {servers: ["`+origin.URL()+`"]}}
routes:
  - {path: /scores, upstream: api, mode: observe, interval: 1h, share: public}
  - {path: /friends, upstream: api, mode: observe, interval: 1h, share: public}
`)
	p := start(t, "--config", file)
	for i := range 240 {
		for _, path := range []string{"/scores", "/friends"} {
			if code, _ := fetch(t, "http://"+p.serve+path, "Cookie", "sid=user"+string(rune('a'+i%3))); code != 200 {
				t.Fatal(code)
			}
		}
	}
	if n := origin.Total(); n != 480 {
		t.Errorf("the origin got %d of 480 requests", n)
	}
	safe, unsafe := "yes, as far as seen. 239 answers compared, none differs by client", "certainly differ by client, by cookie sid, which explains 100 % of "
	_, stats := fetch(t, "http://"+p.admin+"/api/stats")
	_, metrics := fetch(t, "http://"+p.admin+"/metrics")
	_, page, _ := runLine(t, "report", "--admin", p.admin)
	for _, told := range []struct{ where, text, want string }{
		{"stats", stats, safe}, {"stats", stats, unsafe}, {"report", page, safe}, {"report", page, unsafe},
		{"report", page, "\n| /scores | public | 240 | 1 | 99.5 % |"}, {"report", page, "\n| /friends | public | 240 | – | – | – | no. Of "},
		{"metrics", metrics, `pollmux_observed_would_save_requests_total{route="/scores",share="public"} 239`},
	} {
		if !strings.Contains(told.text, told.want) {
			t.Errorf("%s do not say %q:\n%s", told.where, told.want, told.text)
		}
	}
	if strings.Contains(stats+metrics+page, "usera") {
		t.Error("a cookie's value is told")
	}
}
