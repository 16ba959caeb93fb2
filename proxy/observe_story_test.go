package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/proxy/ledger"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// TestOneObservesThenCoalesces is what observing is for: a per-user API is put
// behind share: public by mistake, the report says so before anybody is given
// anything of another, and what it says that auto would save is what auto saves.
func TestOneObservesThenCoalesces(t *testing.T) {
	friends := func(req *legacy.Request) string {
		return fmt.Sprintf(`{"friends of": %q, "server_time": %d}`, req.Header.Get("Cookie"), req.Number)
	}
	route := []string{"interval: 1h", "ignore: [/server_time]"}
	mistaken := newRig(t, append(route, "mode: observe", "share: public")...)
	poll(mistaken, friends)
	o := mistaken.settled(23)
	if o.Verdict != ledger.Differs || o.Separators[0].Name != "sid" || mistaken.polls() != 24 {
		t.Errorf("as public: %+v", o)
	}

	if told := mistaken.log.String(); strings.Count(told, "given different ones") != 1 || !strings.Contains(told, `route=all share=public separated_by="cookie sid"`) {
		t.Errorf("the log says\n%s", told)
	}

	observed := newRig(t, append(route, "mode: observe")...)
	poll(observed, friends)
	o = observed.settled(20)
	if o.Differing != 0 || o.Same != 20 || o.WouldSaveRequests != 20 || o.IfPublic.Verdict != ledger.Differs {
		t.Errorf("as auto: %+v", o)
	}
	if told := observed.log.String(); told != "" {
		t.Errorf("the log says of what nobody wants to share\n%s", told)
	}

	coalesced := newRig(t, route...)
	poll(coalesced, friends)
	if saved := coalesced.stats().SavedRequestsMeasured; saved != o.WouldSaveRequests || coalesced.polls() != 4 {
		t.Errorf("%d requests would have been saved, and %d were", o.WouldSaveRequests, saved)
	}
}

// poll lets four users poll in turn.
func poll(r *rig, says func(*legacy.Request) string) {
	r.t.Helper()
	r.answersBy(says)
	for range 6 {
		for user := range 4 {
			if a := r.get("/friends", "Cookie", fmt.Sprintf("sid=0123456789abcdef-%d", user)); a.StatusCode != 200 {
				r.t.Fatalf("%d %s", a.StatusCode, a.body)
			}
		}
	}
}

// settled is what is known once so many answers were compared: the end of an
// exchange may come after its client has got everything.
func (r *rig) settled(compared int64) ledger.Observed {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d answers are compared", compared), func() bool { return r.observed().Compared >= compared })
	return r.observed()
}

func TestWhatCannotBeCoalescedIsCountedByWhy(t *testing.T) {
	r := newRig(t, "mode: observe", "serve: [poll]", "interval: 1h")
	r.origin.Answer(legacy.Answer{Header: http.Header{"Set-Cookie": {"sid=1"}}}, "/cookie")
	r.origin.Answer(legacy.Answer{Status: 401}, "/401")
	r.do("POST", "/x", "body")
	r.get("/x", "Range", "bytes=0-1")
	r.get("/x", "X-HTTP-Method-Override", "DELETE")
	r.get("/x", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
	r.get("/x", "Accept", "text/event-stream")
	r.get("/cookie")
	r.get("/401", "Authorization", "Bearer wrong-for-certain")
	want := map[string]int64{"method": 1, "range": 1, "method-override": 1, "upgrade": 1, "not-served": 1, "set-cookie": 1, "status-401": 1}
	r.eventually("all are counted", func() bool {
		return len(r.observed().Unshareable) == len(want) && len(r.observed().IfPublic.Unshareable) == len(want)
	})
	o := r.observed()
	for reason, n := range want {
		if o.Unshareable[reason] != n || o.IfPublic.Unshareable[reason] != n {
			t.Errorf("%s: %d, as public %d", reason, o.Unshareable[reason], o.IfPublic.Unshareable[reason])
		}
	}
	if s := r.stats(); s.ClientRequests.Pass != 7 || s.UpstreamRequests.Pass != 7 || s.SavedRequestsMeasured != 0 || len(s.Unshared) > 0 || s.Feeds != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWritesCountForWhatIsObserved(t *testing.T) {
	r := newRig(t, "mode: observe", "interval: 1h", "refresh_on: [{method: POST, path: /writes}]")
	for i, write := range []func(){func() { r.do("PUT", "/x", "1") }, func() { r.do("POST", "/writes", "1") }, func() { r.do("POST", "/other", "1") }} {
		r.get("/x")
		write()
		r.get("/x")
		want := []int64{0, 1, 3}[i]
		r.eventually(fmt.Sprint(i), func() bool { return r.observed().WouldSaveRequests == want })
	}
}

func TestNothingOfAValueIsReported(t *testing.T) {
	r := newRig(t, "mode: observe", "share: public", "interval: 1h", `key: {ignore_query: ["*"]}`)
	r.answersBy(func(req *legacy.Request) string { return fmt.Sprintf("%q", req.Header.Get("Cookie")) })
	for range 5 {
		for user := range 3 {
			s := fmt.Sprintf("canary-%d", user)
			r.get("/canary?"+s+"&q="+s, "Cookie", s+"; sid="+s, "Authorization", "Bearer "+s, "X-Forwarded-For", s, "User-Agent", s)
		}
	}
	if o := r.settled(14); len(o.Separators) == 0 {
		t.Errorf("%+v", o)
	}
	if told := fmt.Sprintf("%+v %+v", r.observed(), r.log); strings.Contains(told, "canary") {
		t.Error(told)
	}
}

func TestManyAreObservedAtOnce(t *testing.T) {
	r := newRig(t, "mode: observe", "interval: 20ms", "ignore: [/n]", "limits: {feeds: 20}")
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}, "Vary": {"X-Own"}},
			Body: fmt.Appendf(nil, `{"user": %q, "n": %d, "long": "%s"}`, req.Header.Get("Cookie"), req.Number, strings.Repeat("x", req.Number%3*8000))}
	})
	var wait sync.WaitGroup
	for i, u := range browsers(12) {
		wait.Go(func() {
			for n := range 60 {
				if _, err := r.try("GET", fmt.Sprintf("/%d?u=%d", n%4, n%7), "", u...); err != nil {
					t.Error(err)
				}
				if n%10 == i%10 {
					_, _ = r.try("POST", "/1", "x")
				}
				_ = r.proxy.Ledger().Stats()
			}
		})
	}
	wait.Wait()
	r.eventually("all are counted", func() bool { return r.observed().Requests >= 12*60 })
	if o := r.observed(); o.Differing != 0 || o.Resources > 40 {
		t.Errorf("%+v", o)
	}
}

func TestWhoWouldBeRefusedIsObservedAndPasses(t *testing.T) {
	r := newRig(t, "mode: observe", "share: identity", "interval: 1h", "methods: [GET, POST]")
	r.get("/x").want(t, 200, `{"v":1}`)
	r.do("POST", "/x", "a question", "Authorization", "Bearer of-a-certain-user").want(t, 200, `{"v":1}`)
	for range 2 {
		r.get("/x", "Authorization", "Bearer of-a-certain-user").want(t, 200, `{"v":1}`)
	}
	r.eventually("all are counted", func() bool { return r.observed().WouldSaveRequests == 1 })
	if o := r.observed(); o.Requests != 4 || o.Unshareable["no-credentials"] != 1 || o.Unshareable["post-not-observed"] != 1 || o.IfPublic == nil || r.polls() != 4 {
		t.Errorf("%+v", o)
	}
}

func TestWhoIsNotLetInDoesNotDifferWhereEachIsAskedAbout(t *testing.T) {
	r := newRig(t, "mode: observe", "share: authorize", "interval: 1h")
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		if req.Header.Get("Authorization") == "Bearer no" {
			return legacy.Answer{Status: 401}
		}
		return legacy.Answer{Body: []byte("the same for all who are let in")}
	})
	for range 40 {
		for _, user := range []string{"a", "no", "b", "c"} {
			r.get("/x", "Authorization", "Bearer "+user)
		}
	}
	if o := r.settled(119); o.Verdict != ledger.Same || o.Differing != 0 || o.IfPublic != nil || o.Unshareable["status-401"] != 40 {
		t.Errorf("%+v", o)
	}
}
