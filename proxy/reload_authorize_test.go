package proxy

import (
	"fmt"
	"net/http"
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
