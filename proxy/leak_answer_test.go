package proxy

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

var sid = regexp.MustCompile(`sid=(\d+)`)

// numbered makes every answer a visitor's own: its cookie and its body say which.
// taints is whether the answer to the nth request is.
func numbered(taints func(n int64) bool) func(*legacy.Request) legacy.Answer {
	var n atomic.Int64
	return func(*legacy.Request) legacy.Answer {
		i := n.Add(1)
		if !taints(i) {
			return legacy.Answer{Header: http.Header{"Etag": {fmt.Sprintf(`"%d"`, i)}}, Body: []byte("for everybody")}
		}
		return legacy.Answer{Header: http.Header{"Set-Cookie": {fmt.Sprintf("sid=%d", i)}}, Body: fmt.Appendf(nil, "you are sid=%d", i)}
	}
}

// wantOwn sends many at once, of whom each must get a cookie and a body that are
// its own and nobody else's. release lets the poll go that all of them wait for.
func (r *rig) wantOwn(clients int, release chan struct{}) {
	r.t.Helper()
	var seen sync.Map
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			a, err := r.try("GET", "/x", "")
			if err != nil {
				r.t.Error(err)
				return
			}
			if a.Header.Get("Set-Cookie") == "" || a.body != "you are "+a.Header.Get("Set-Cookie") {
				r.t.Errorf("got %q, %v", a.body, a.Header)
			}
			if _, twice := seen.LoadOrStore(a.body, true); twice {
				r.t.Errorf("two clients got %q", a.body)
			}
		})
	}
	r.eventually("all wait", func() bool { return r.proxy.waiting() == clients })
	close(release)
	all.Wait()
}

func TestCoalesceTainted(t *testing.T) {
	const clients = 50
	t.Run("on the first poll", func(t *testing.T) {
		r := newRig(t, "interval: 1h")
		r.origin.AnswerFunc(numbered(func(int64) bool { return true }))
		release := make(chan struct{})
		r.origin.Break(legacy.Times(1, legacy.HangBeforeHead(release)))
		r.wantOwn(clients, release)
		if n := r.polls(); n != clients { // the one that caused the poll got its answer
			t.Errorf("the origin got %d requests", n)
		}
	})
	t.Run("on the second poll", func(t *testing.T) {
		r := newRig(t, "interval: 1h", "stale_while_revalidate: 0s")
		r.origin.AnswerFunc(numbered(func(n int64) bool { return n > 1 }))
		r.get("/x").want(t, 200, "for everybody")
		r.get("/x").want(t, 200, "for everybody")
		r.refresh("/x")
		release := make(chan struct{})
		r.origin.Break(legacy.Times(1, legacy.HangBeforeHead(release)))
		r.wantOwn(clients, release)
		if n := r.polls(); n != clients+1 {
			t.Errorf("the origin got %d requests", n)
		}
	})
}

// Those who waited for an answer that was not for them are at the origin at once:
// none of these requests is answered before all of them have come.
func TestPassNoQueue(t *testing.T) {
	const clients = 20
	r := newRig(t, "interval: 1h")
	r.origin.AnswerFunc(numbered(func(int64) bool { return true }))
	release, together := make(chan struct{}), make(chan struct{})
	var at atomic.Int64
	r.origin.Break(func(x *legacy.Exchange) {
		gate := together
		switch at.Add(1) {
		case 1:
			gate = release // the poll
		case clients:
			close(together)
		}
		x.Wait(gate)
		_ = x.Respond(x.Answer())
	})
	r.wantOwn(clients, release)
}

// However a cookie comes, it reaches nobody but the one whose request it answers.
func TestSetCookie(t *testing.T) {
	cookie := http.Header{"Set-Cookie": {"sid=1"}}
	for name, respond := range map[string]legacy.Fault{
		"on 200": func(x *legacy.Exchange) { _ = x.Respond(legacy.Answer{Header: cookie, Body: []byte("v")}) },
		"on 404": func(x *legacy.Exchange) { _ = x.Respond(legacy.Answer{Status: 404, Header: cookie}) },
		"on 403": func(x *legacy.Exchange) { _ = x.Respond(legacy.Answer{Status: 403, Header: cookie}) },
		"on 500": func(x *legacy.Exchange) { _ = x.Respond(legacy.Answer{Status: 500, Header: cookie}) },
		"on the 304 of a renewal": func(x *legacy.Exchange) {
			if x.Request.Header.Get("If-None-Match") != "" {
				_ = x.Respond(legacy.Answer{Status: 304, Header: cookie})
				return
			}
			_ = x.Respond(legacy.Answer{Header: cookie, Body: []byte("v")})
		},
		"in a trailer": func(x *legacy.Exchange) {
			_ = x.Respond(legacy.Answer{Body: []byte("v"), Chunked: true, Trailer: cookie})
		},
		"in a trailer that is not announced": legacy.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nv\r\n0\r\nSet-Cookie: sid=1\r\n\r\n")),
		"in a hint":                          legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\nSet-Cookie: sid=1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nv")),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "interval: 10ms", "stale_if_error: 1h")
			r.body("fine", "ETag", `"fine"`)
			s := r.stream("/x", "text/event-stream")
			s.event()
			r.origin.Break(respond)
			polled := r.polls()
			r.eventually("it was polled a few times", func() bool { return r.polls() > polled+3 })
			told := 0
			for range 20 {
				conn := r.dial()
				_, _ = conn.Write([]byte(requestText("GET", "/x", r.addr, "", []string{"Connection", "close"})))
				heard := new(bytes.Buffer)
				_, _ = heard.ReadFrom(conn)
				if sid.Match(heard.Bytes()) {
					if told++; !strings.Contains(heard.String(), "fwd=bypass") && !strings.Contains(heard.String(), "HTTP/1.1 103") {
						t.Errorf("a cookie in an answer that is not the client's own: %q", heard)
					}
				}
			}
			r.origin.Heal()
			r.body("fine again")
			s.conn.Close()
			if rest := s.resp; rest.Header.Get("Set-Cookie") != "" {
				t.Errorf("%v", rest.Header)
			}
			if upstream := r.polls() - polled; told > upstream {
				t.Errorf("%d cookies of %d answers", told, upstream)
			}
		})
	}
}

// RFC 9111 section 5.2, RFC 9213: what an answer says in whatever spelling.
func TestRespCC(t *testing.T) {
	for said, shared := range map[string]bool{
		"": true, "public": true, "max-age=60": true, "s-maxage=60": true, "no-cache": true, "must-revalidate": true, "immutable": true, "no-transform": true,
		"no-cache=\"x-a\"": true, "x=\"private\"": true, "x=\"no-store\"": true, "privately": true, "no-stores": true, "max-age=x": true, ", ,public,,": true,
		"no-store": false, "NO-STORE": false, "No-Store ": false, "max-age=60, no-store": false, "max-age=60,no-store": false, "no-store=1": false,
		"no-store, public": false, "public\nno-store": false, "no-store\npublic": false, "must-understand, no-store": false, "x=\"\\\"\", no-store": false,
		"private": false, "PRIVATE": false, "private, max-age=60": false, "private=\"set-cookie\"": false, "private=x": false, "public, private": false,
		"public\nprivate": false, "max-age=60,\tprivate": false, "x=\"": false, "=private": false, "private=\"": false, "\"private\"": false,
	} {
		t.Run(said, func(t *testing.T) {
			for _, field := range []string{"Cache-Control", "CDN-Cache-Control", "Surrogate-Control"} {
				r := newRig(t, "interval: 1h")
				h := http.Header{}
				for line := range strings.SplitSeq(said, "\n") {
					h.Add(field, line)
				}
				r.origin.Answer(legacy.Answer{Header: h, Body: []byte("v")})
				for range 3 {
					r.get("/x").want(t, 200, "v")
				}
				if got := r.polls() == 1; got != shared {
					t.Errorf("%s: shared: %v", field, got)
				}
			}
		})
	}
}

// Interim answers are for one exchange: nothing of one is in what is shared.
func TestInterim(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\nLink: </canary>\r\nSet-Cookie: canary=1\r\nX-Canary: canary\r\nCache-Control: max-age=3600\r\n\r\n" +
		"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nv")))
	for range 5 {
		if heard := r.raw(requestText("GET", "/x", r.addr, "", []string{"Connection", "close"})); strings.Contains(heard, "canary") || !strings.HasPrefix(heard, "HTTP/1.1 200 ") || strings.Contains(heard, "3600") {
			t.Errorf("%q", heard)
		}
	}
}

// L-14: whatever goes wrong, everybody gets what was good or one constant answer.
func TestErrorNotShared(t *testing.T) {
	secret := legacy.Answer{Header: http.Header{"X-Canary": {"canary"}, "Set-Cookie": {"canary=1"}, "Retry-After": {"0"}}, Body: []byte("canary")}
	faults := map[string]legacy.Fault{
		"reset": legacy.ResetBeforeHead(), "reset in the body": legacy.ResetMidBody(3), "cut": legacy.CloseMidBody(3), "half a head": legacy.CloseMidHead(20),
		"garbage": legacy.Garbage(), "no last chunk": legacy.NoLastChunk(), "a large head": legacy.OversizedHead(1 << 20),
		"an interim answer and nothing": legacy.Raw([]byte("HTTP/1.1 103 Early Hints\r\nX-Canary: canary\r\n\r\n")),
		"a 304 that nobody asked for":   legacy.Raw([]byte("HTTP/1.1 304 Not Modified\r\nX-Canary: canary\r\n\r\n")),
	}
	for _, status := range []int{408, 425, 429, 500, 501, 502, 503, 504, 599} {
		faults[fmt.Sprint(status)] = func(x *legacy.Exchange) {
			a := secret
			a.Status = status
			_ = x.Respond(a)
		}
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, known := range []bool{true, false} {
				r := newRig(t, "interval: 10ms", "stale_if_error: 1h")
				r.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("canary or not, this is cut")})
				if known {
					r.body("good")
					r.get("/x").want(t, 200, "good")
					before := r.polls()
					r.origin.Answer(legacy.Answer{Header: http.Header{"X-Canary": {"canary"}}, Body: []byte("canary canary canary")})
					r.origin.Break(fault)
					r.eventually("it failed", func() bool { r.get("/x"); return r.polls() > before })
				}
				r.origin.Break(fault)
				for range 5 {
					a := r.get("/x")
					want := a.StatusCode == 200 && a.body == "good" && a.Header.Get("Age") != ""
					if !known {
						want = (a.StatusCode == 502 || a.StatusCode == 504) && a.Header.Get("Content-Type") == "application/problem+json"
					}
					if !want || strings.Contains(a.body+fmt.Sprint(a.Header), "anary") || a.Header.Get("Warning") != "" {
						t.Errorf("%v: %d %q, %v", known, a.StatusCode, a.body, a.Header)
					}
				}
				r.origin.Heal()
				r.body("good again")
				r.eventually("it recovers", func() bool { return r.get("/x").body == "good again" })
			}
		})
	}
}

// RFC 9110 section 15.4: nobody is sent where somebody else was.
func TestARefusalOrARedirectIsForWhoeverAsked(t *testing.T) {
	for _, status := range []int{201, 205, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 405, 406, 407, 409, 412, 414, 416, 418, 421, 422, 423, 428, 431, 451} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			for _, share := range []string{"auto", "public"} {
				c := newMultitude(t, "interval: 1h", "share: "+share)
				c.origin.AnswerFunc(change(func(_ *legacy.Request, a *legacy.Answer) {
					a.Status = status
					a.Header.Set("Location", "/?"+a.Header.Get("X-You"))
				}).mirror)
				for range 3 {
					c.all(3, func(u *user) { c.say(u, fmt.Sprint(status), c.request("GET /me", u.credentials(carriers[0]))) })
				}
				if status != 304 {
					c.heardThemselves(9)
				}
				if n := c.stats().SavedRequestsMeasured; n != 0 {
					t.Errorf("%d answers were shared", n)
				}
			}
		})
	}
}
