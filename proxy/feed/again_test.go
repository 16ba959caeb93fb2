package feed

import (
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// TestConditionsAreForTheServerWhoseValidatorsTheyAre: another one is sent none, and
// its 304 says nothing.
func TestConditionsAreForTheServerWhoseValidatorsTheyAre(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		here, there := new(origin.Server), new(origin.Server)
		say := func(from *origin.Server, status int, body string, fields ...string) {
			r.origin.answers(func(*poll) *origin.Response {
				resp := response(status, body, append(fields, "Content-Type", "text/plain")...)
				resp.From = from
				return resp
			})
		}
		say(here, 200, "v1", "ETag", `"1"`)
		r.want(r.get("/x"), "v1")
		if p := r.origin.last().asked; p.From != nil || p.Elsewhere != nil || !p.Safe || p.Affinity == 0 {
			t.Errorf("the first poll: %+v", p)
		}
		time.Sleep(r.policy.Interval)
		say(here, 304, "")
		r.want(r.get("/x"), "v1")
		if p := r.origin.last().asked; p.From != here || !strings.Contains(string(p.Head), `If-None-Match: "1"`) ||
			strings.Contains(string(p.Elsewhere), "If-") || !strings.HasSuffix(string(p.Elsewhere), "\r\n\r\n") {
			t.Errorf("the second poll: %q, elsewhere %q", p.Head, p.Elsewhere)
		}
		time.Sleep(r.policy.Interval)
		say(there, 200, "v2", "ETag", `"1"`)
		r.want(r.get("/x"), "v2")
		time.Sleep(r.policy.Interval)
		failures := r.meter.failures.Load()
		say(here, 304, "")
		r.want(r.get("/x"), "v2") // stale, but no lie
		if got := r.meter.failures.Load() - failures; got != 1 {
			t.Errorf("%d failures", got)
		}
	})
}

// TestASecondServerIsPaidFor, out of the budget.
func TestASecondServerIsPaidFor(t *testing.T) {
	inBubbleOf(t, Limits{}, 2, func(t *testing.T, r *rig) {
		f := r.acquire("/x")
		defer f.Release()
		n := 0
		for range 10 {
			if f.AskAgain() {
				n++
			}
		}
		if n < 1 || n > 2 || r.meter.polls.Load() != int64(n) {
			t.Errorf("%d of 10, %d counted", n, r.meter.polls.Load())
		}
		time.Sleep(1100 * time.Millisecond)
		if !f.AskAgain() {
			t.Error("none when there is room again")
		}
	})
}

// TestOneServersWishIsNotTheHosts, as long as others can be asked.
func TestOneServersWishIsNotTheHosts(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		for _, spared := range []bool{true, false} {
			r.origin.answers(func(*poll) *origin.Response {
				resp := response(503, "", "Retry-After", "60")
				resp.Spared = spared
				return resp
			})
			r.get("/" + map[bool]string{true: "a", false: "b"}[spared])
			if rests := time.Now().Before(r.outage.Resting()); rests == spared {
				t.Errorf("spared: %v, and the host rests: %v", spared, rests)
			}
		}
	})
}

// TestWhereTheBudgetHadNoRoomForAnotherServerTheNextTurnIsForThat: who wants to be left
// alone is, and others are asked at the pace of any failure.
func TestWhereTheBudgetHadNoRoomForAnotherServerTheNextTurnIsForThat(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.get("/x")
		f := r.subscribe("/x")
		defer leave(f)
		r.origin.answers(func(p *poll) *origin.Response {
			resp := response(503, "", "Retry-After", "3600")
			resp.Spared = true
			return resp
		})
		time.Sleep(3 * time.Second)
		r.origin.says(200, "v2", "Content-Type", "text/plain")
		time.Sleep(time.Minute)
		if u := f.Latest().Update; u == nil || string(u.Body) != "v2" {
			t.Errorf("a minute later: %+v, polls at %v", f.Latest(), r.origin.begins(r.begin))
		}
	})
}
