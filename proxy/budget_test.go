package proxy

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// newBudgetRig is one with a budget of twenty requests a second, for feeds, and for
// questions about clients; what is under /pass passes.
func newBudgetRig(t *testing.T) *rig {
	t.Helper()
	r := newRigBy(t, `
upstreams: {api: {servers: [%[1]q], timeout: 3s, budget: 20/s}}
routes:
  - {path: /pass/**, name: pass, upstream: api, mode: pass}
  - {path: /guarded/**, name: guarded, upstream: api, interval: 100ms, share: authorize, authorize: {path: /me, ttl: 100ms}}
  - {path: /**, name: all, upstream: api, interval: 100ms}
`)
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: fmt.Appendf(nil, "%d", x.Number)}
	})
	return r
}

// budgeted are when the origin got the requests that count, which passed ones do not.
func (r *rig) budgeted() (at []time.Time) {
	for _, request := range r.origin.Requests() {
		if !strings.HasPrefix(request.Path, "/pass/") {
			at = append(at, request.At)
		}
	}
	return at
}

// busiest is how many of these came in any second at most, wherever that begins, but
// for the 50 ms by which one may take longer than another to come: they are counted as
// the origin has read them, and the first of them had to connect.
func busiest(at []time.Time) (most int) {
	const second = time.Second - 50*time.Millisecond
	first := 0
	for i := range at {
		for at[i].Sub(at[first]) >= second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// during does something in several goroutines, again and again, for so long.
func during(d time.Duration, pause time.Duration, do ...func()) {
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for _, do := range do {
		all.Go(func() {
			for time.Now().Before(end) {
				do()
				time.Sleep(pause)
			}
		})
	}
	all.Wait()
}

func TestTheOriginNeverGetsMoreThanTheBudgetHas(t *testing.T) {
	r := newBudgetRig(t)
	var held sync.WaitGroup
	for i := range 50 {
		held.Go(func() { r.stream(fmt.Sprint("/s/", i), "text/event-stream").event() })
	}
	passed := 0
	during(5*time.Second, 20*time.Millisecond,
		func() { r.refresh("/s/**") },
		func() { _, _ = r.try("GET", "/guarded/x", "", "Authorization", "Bearer ann") },
		func() { _, _ = r.try("GET", "/guarded/y", "", "Authorization", "Bearer bob") },
		func() { _, _ = r.try("GET", fmt.Sprint("/cold/", time.Now().Nanosecond()), "") },
		func() {
			if a, err := r.try("GET", "/pass/x", ""); err == nil && a.StatusCode == 200 {
				passed++
			}
		},
	)
	held.Wait()
	at := r.budgeted()
	if most := busiest(at); most > 20 {
		t.Errorf("%d requests in a second", most)
	}
	if rate := float64(len(at)) / at[len(at)-1].Sub(at[0]).Seconds(); rate < 5 {
		t.Errorf("%v requests a second, of twenty, however busy the machine is", rate)
	}
	if asked := len(r.requestsTo("/me")); asked < 2 {
		t.Errorf("the origin was asked %d times about clients", asked)
	}
	if passed < 10 {
		t.Errorf("%d requests passed in 5s", passed)
	}
}

// An origin that wants to be left alone is, by polls and by questions about clients,
// for as long as it says. What passes is the clients' own, and goes on.
func TestARestlessOriginIsLeftAlone(t *testing.T) {
	r := newBudgetRig(t)
	answer := func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(x.Path)}
	}
	r.origin.AnswerFunc(answer)
	r.stream("/s/1", "text/event-stream").event()
	r.get("/guarded/x", "Authorization", "Bearer ann").want(t, 200, "/guarded/x")
	var refused atomic.Pointer[time.Time]
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path == "/s/1" && refused.Load() == nil {
			now := time.Now()
			refused.Store(&now)
			return legacy.Answer{Status: 429, Header: http.Header{"Retry-After": {"2"}}}
		}
		return answer(x)
	})
	r.eventually("it is refused", func() bool { return refused.Load() != nil })
	r.eventually("that is known", func() bool { return r.get("/cold").StatusCode == 503 })
	rests := time.Until(refused.Load().Add(2 * time.Second))
	passed := 0
	during(rests-50*time.Millisecond, 50*time.Millisecond,
		func() { r.refresh("/s/**") },
		func() { r.wantRefused("/cold") },
		func() { r.wantRefused("/guarded/y", "Authorization", "Bearer bob") },
		func() {
			if a, err := r.try("GET", "/pass/x", ""); err == nil && a.StatusCode == 200 {
				passed++
			}
		},
	)
	for _, at := range r.budgeted() {
		if since := at.Sub(*refused.Load()); since > 10*time.Millisecond && since < 2*time.Second {
			t.Errorf("it got a request %v after it had refused one", since)
		}
	}
	if passed < 10 {
		t.Errorf("%d requests passed", passed)
	}
	r.eventually("it is polled again", func() bool {
		at := r.budgeted()
		return at[len(at)-1].Sub(*refused.Load()) > 2*time.Second
	})
	r.get("/cold").want(t, 200, "/cold")
	r.get("/guarded/y", "Authorization", "Bearer bob").want(t, 200, "/guarded/y")
}

// wantRefused fails unless a client is told to come back later.
func (r *rig) wantRefused(path string, fields ...string) {
	a, err := r.try("GET", path, "", fields...)
	if err != nil || a.StatusCode != 503 {
		r.t.Errorf("%s: %v, %v", path, a.Response, err)
		return
	}
	if after, _ := strconv.Atoi(a.Header.Get("Retry-After")); after < 1 || after > 2 {
		r.t.Errorf("%s: Retry-After is %q", path, a.Header.Get("Retry-After"))
	}
}

// A host that is down as a whole rests, whoever asked. One that has had too many requests
// with the credentials of one client may mean that one; and what a client's own request
// was told is the client's.
func TestWhoseRefusalRestsTheHost(t *testing.T) {
	for _, budget := range []string{"", ", budget: 20/s"} {
		for _, status := range []int{429, 503} {
			r := newRigBy(t, `
upstreams: {api: {servers: [%[1]q]`+budget+`}}
routes:
  - {path: /pass/**, upstream: api, mode: pass}
  - {path: /guarded/**, upstream: api, interval: 100ms, share: authorize, authorize: {path: /me}}
  - {path: /**, upstream: api, interval: 100ms}
`)
			r.origin.Answer(legacy.Answer{Status: status, Header: http.Header{"Retry-After": {"1"}}}, "/pass/x", "/me")
			r.get("/pass/x").want(t, status, "")
			r.get("/first").want(t, 200, `{"v":1}`)
			if a := r.get("/guarded/x", "Authorization", "Bearer ann"); a.StatusCode != status || a.Header.Get("Retry-After") != "1" {
				t.Errorf("who was asked about is told %d %v", a.StatusCode, a.Header)
			}
			if status == 429 {
				r.get("/cold").want(t, 200, `{"v":1}`)
				continue
			}
			r.wantRest()
		}
	}
}

// wantRest fails unless the host is left alone for a second.
func (r *rig) wantRest() {
	r.t.Helper()
	r.wantRefused("/cold")
	r.wantRefused("/guarded/x", "Authorization", "Bearer bob")
	began := time.Now()
	s := r.stream("/held", "text/event-stream") // an EventSource is not sent away
	if got := s.resp.StatusCode; got != 200 {
		r.t.Errorf("an event stream is answered %d", got)
	}
	if s.data(); time.Since(began) < 500*time.Millisecond || time.Since(began) > 5*time.Second {
		r.t.Errorf("it had its first event after %v", time.Since(began))
	}
}

func TestWhomTheBudgetHasNothingForIsToldWhenToComeBack(t *testing.T) {
	r := newRigBy(t, `
upstreams: {api: {servers: [%[1]q], timeout: 200ms, budget: 6/m}}
routes:
  - {path: /guarded/**, upstream: api, share: authorize, authorize: {path: /me}}
  - {path: /**, upstream: api}
`)
	r.get("/first").want(t, 200, `{"v":1}`)
	r.wantRefused("/cold")
	r.wantRefused("/guarded/x", "Authorization", "Bearer ann")
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}
