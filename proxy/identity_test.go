package proxy

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestARouteOfIdentitiesRefusesWhoHasNone(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: identity")
	r.origin.AnswerFunc(whoami)
	for _, fields := range [][]string{nil, {"Cookie", "_ga=1"}, {"Accept", "text/event-stream"}, {"Authorization", ""}} {
		a := r.get("/me", fields...)
		if a.StatusCode != 401 || a.Header.Get("WWW-Authenticate") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v: %d %v %s", fields, a.StatusCode, a.Header, a.body)
		}
	}
	if n := r.polls(); n != 0 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestARouteOfIdentitiesHasAFeedForEach(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: identity")
	r.origin.AnswerFunc(whoami)
	for range 2 {
		for _, who := range []string{"Bearer a", "Bearer b"} {
			if a := r.get("/me", "Authorization", who); a.body != "you are "+who {
				t.Errorf("%s got %q", who, a.body)
			}
		}
	}
	if n := r.polls(); n != 2 {
		t.Errorf("the origin got %d requests", n)
	}
}

// No way of asking is an exception, but for what a browser asks beforehand.
func TestARouteOfIdentitiesRefusesWhatItWouldPassAsWell(t *testing.T) {
	r := newRig(t, "interval: 1h", "share: identity")
	for _, ask := range []struct {
		method, path, body string
		fields             []string
	}{
		{"GET", "/x", "", []string{"Range", "bytes=0-1"}}, {"GET", "/x;y", "", nil}, {"GET", "/x", "body", nil},
		{"GET", "/x", "", []string{"X-HTTP-Method-Override", "DELETE"}}, {"POST", "/x", "body", nil}, {"DELETE", "/x", "", nil},
	} {
		if a := r.do(ask.method, ask.path, ask.body, ask.fields...); a.StatusCode != 401 {
			t.Errorf("%s %s %v: %d", ask.method, ask.path, ask.fields, a.StatusCode)
		}
		if a := r.do(ask.method, ask.path, ask.body, append(ask.fields, "Authorization", "Bearer a")...); a.StatusCode != 200 {
			t.Errorf("%s %s %v with credentials: %d", ask.method, ask.path, ask.fields, a.StatusCode)
		}
	}
	if a := r.do("OPTIONS", "/x", ""); a.StatusCode != 200 {
		t.Errorf("OPTIONS: %d", a.StatusCode)
	}
}

func TestALogoutThatPassesThroughOutdatesWhatItsIdentityWasTold(t *testing.T) {
	for _, share := range []string{"auto", "identity"} {
		r := newRig(t, "interval: 1h", "share: "+share)
		var out atomic.Bool
		r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
			switch {
			case x.Path == "/logout":
				out.Store(true)
				return legacy.Answer{Status: 204, Header: http.Header{"Set-Cookie": {"sid=; Max-Age=0"}}}
			case out.Load() && strings.Contains(x.Header.Get("Cookie"), "alice"):
				return legacy.Answer{Status: 401}
			}
			return legacy.Answer{Body: []byte("inbox of " + x.Header.Get("Cookie"))}
		})
		for _, who := range []string{"sid=alice", "sid=bob"} {
			r.get("/inbox", "Cookie", who)
		}
		r.do("POST", "/logout", "", "Cookie", "sid=alice")
		if a := r.get("/inbox", "Cookie", "sid=alice"); a.StatusCode != 401 {
			t.Errorf("%s: alice got %d %q", share, a.StatusCode, a.body)
		}
		if a := r.get("/inbox", "Cookie", "sid=bob"); a.Header.Get("Cache-Status") != "pollmux; hit" {
			t.Errorf("%s: bob got %v", share, a.Header)
		}
	}
}
