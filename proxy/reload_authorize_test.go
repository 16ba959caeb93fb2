package proxy

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// letsIn has an origin let in who it says, and nobody else.
func letsIn(o *legacy.Faulty, body string, who ...string) {
	o.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		for _, known := range who {
			if x.Header.Get("Authorization") == known {
				return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(body)}
			}
		}
		return legacy.Answer{Status: 401, Body: []byte("who are you?")}
	})
}

// Whom one origin lets in, another one that has its name later has not let in.
func TestAnUpstreamThatComesBackElsewhereHasLetNobodyIn(t *testing.T) {
	const yaml = "upstreams: {api: {servers: [%[1]q]}}\nroutes: [{path: /**, name: all, upstream: api, interval: 1h, share: authorize, authorize: {path: /me, ttl: 1h}}]"
	r := newRigBy(t, yaml)
	letsIn(r.origin, "old", "Bearer alice")
	r.get("/doc", "Authorization", "Bearer alice").want(t, 200, "old")
	other := newOrigin(t)
	letsIn(other, "new", "Bearer bob")
	r.reloadBy(fmt.Sprintf("upstreams: {own: {servers: [%q]}}\nroutes: [{path: /**, name: all, upstream: own}]", r.origin.URL()))
	r.reloadBy(fmt.Sprintf(yaml, other.URL()))
	r.get("/doc", "Authorization", "Bearer bob").want(t, 200, "new")
	if a := r.get("/doc", "Authorization", "Bearer alice"); a.StatusCode != 401 {
		t.Errorf("alice, whom nobody let in here, is told %d %q", a.StatusCode, a.body)
	}
}

// A client may be held for days: whether it is let in still, servers are asked that
// there are.
func TestWhetherAHeldClientIsLetInTheServersOfNowAreAsked(t *testing.T) {
	const yaml = "upstreams: {api: {servers: [%s]}}\nroutes: [{path: /**, name: all, upstream: api, interval: 1h, share: authorize, authorize: {path: /me, ttl: 200ms}}]"
	origin, other := newOrigin(t), newOrigin(t)
	letsIn(origin, "v1", "Bearer alice")
	letsIn(other, "v1")
	r := newRigFor(t, origin, fmt.Sprintf(yaml, strconv.Quote(origin.URL())))
	s := r.stream("/doc", "text/event-stream", "Authorization", "Bearer alice")
	if e := s.event(); e != "data: v1" {
		t.Fatal(e)
	}
	r.reloadBy(fmt.Sprintf(yaml, fmt.Sprintf("%q, %q", origin.URL(), other.URL())))
	r.reloadBy(fmt.Sprintf(yaml, strconv.Quote(other.URL())))
	s.ended()
	if a := r.get("/doc", "Authorization", "Bearer alice"); a.StatusCode != 401 {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
}
