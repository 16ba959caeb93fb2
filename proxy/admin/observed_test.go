package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy"
	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestWhatIsObservedIsTold puts a route that answers by cookie behind mode:
// observe, and looks where an operator does.
func TestWhatIsObservedIsTold(t *testing.T) {
	upstream := legacy.NewFaulty(legacy.Answer{}, nil)
	upstream.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(req.Header.Get("Cookie"))}
	})
	if err := upstream.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Close)
	c, err := config.Parse("test.yaml", fmt.Appendf(nil, "upstreams: {api: {servers: [%q]}}\nroutes: [{path: /**, name: friends, upstream: api, mode: observe, interval: 1h}]\n", upstream.URL()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.New(c, proxy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, p)
	const requests = 30
	for i := range requests {
		req, _ := http.NewRequest("GET", "http://"+address+"/friends", nil)
		req.Header.Set("Cookie", fmt.Sprintf("sid=canary-of-user-%d; theme=dark", i%3))
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	r := newRig(t, p, "")
	var stats ledger.Stats
	await.Until(t, "all are counted", func() bool {
		if err := json.Unmarshal([]byte(r.do("GET", "/api/stats").want(t, 200, "").body), &stats); err != nil {
			t.Fatal(err)
		}
		return stats.Routes[0].Observed.IfPublic.Compared == requests-1
	})
	o := stats.Routes[0].Observed
	if o.Share != "auto" || o.Requests != requests || o.WouldSaveRequests != requests-3 || o.Differing != 0 {
		t.Errorf("%+v", o)
	}
	if o.IfPublic.Verdict != ledger.Differs || len(o.IfPublic.Separators) == 0 || o.IfPublic.Separators[0] != (ledger.Separator{Kind: "cookie", Name: "sid", Explains: 1, Pairs: o.IfPublic.Separators[0].Pairs}) {
		t.Errorf("%+v", o.IfPublic)
	}
	if stats.Routes[0].SavedRequestsMeasured != 0 || upstream.Total() != requests {
		t.Errorf("%d requests came to the origin", upstream.Total())
	}
	told := r.do("GET", "/metrics").want(t, 200, "").body
	for _, line := range []string{
		fmt.Sprintf(`pollmux_observed_would_save_requests_total{route="friends",share="auto"} %d`, requests-3),
		fmt.Sprintf(`pollmux_observed_compared_total{route="friends",share="public"} %d`, requests-1),
	} {
		if !strings.Contains(told, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Contains(told+r.do("GET", "/api/stats").body, "canary") {
		t.Error("a value is told")
	}
}
