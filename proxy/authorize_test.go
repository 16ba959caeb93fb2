package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAllWhoAreLetInShareOneFeed(t *testing.T) {
	eachWay(t, func(t *testing.T, open bool, lines ...string) {
		g := newGuardian(t, open, append(lines, "interval: 1h")...)
		for range 3 {
			for _, who := range []string{"alice", "bob"} {
				if a := g.as(who, "/doc"); a.StatusCode != 200 || a.body != "v1" {
					t.Errorf("%s: %d %q", who, a.StatusCode, a.body)
				}
			}
		}
		s := g.stats()
		if s.UpstreamRequests.Pass != 0 || s.UpstreamRequests.Poll > 2 || s.UpstreamRequests.Authorize > 2 {
			t.Errorf("upstream requests: %+v", s.UpstreamRequests)
		}
		if s.Feeds != 1 {
			t.Errorf("%d feeds", s.Feeds)
		}
	})
}

func TestWhoIsNotLetInGetsTheRefusalAndNothingElse(t *testing.T) {
	eachWay(t, func(t *testing.T, open bool, lines ...string) {
		g := newGuardian(t, open, append(lines, "interval: 1h")...)
		g.as("alice", "/doc")
		for _, fields := range [][]string{
			nil, {"Accept", "text/event-stream"}, {"Accept", "application/x-ndjson"}, {"Accept", "multipart/mixed"},
			{"Prefer", "wait=5", "If-None-Match", `"x"`}, {"If-None-Match", "*"}, {"Range", "bytes=0-1"}, {"Cache-Control", "only-if-cached"},
		} {
			a := g.as("mallory", "/doc", fields...)
			if a.StatusCode != 401 && a.StatusCode != 504 || strings.Contains(a.body, "v1") || a.Header.Get("Etag") != "" {
				t.Errorf("%v: %d %v %q", fields, a.StatusCode, a.Header, a.body)
			}
			if a := g.get("/doc", fields...); a.StatusCode != 401 && a.StatusCode != 504 {
				t.Errorf("nobody, %v: %d %q", fields, a.StatusCode, a.body)
			}
		}
		if a := g.as("mallory", "/doc"); a.Header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("no challenge: %v", a.Header)
		}
		if a := g.as("bob", "/doc"); a.body != "v1" {
			t.Errorf("bob: %q", a.body)
		}
	})
}

// A consent for one resource says nothing of another, if the resource itself is
// what is asked.
func TestAConsentOfOneResourceIsNoneOfAnother(t *testing.T) {
	g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if who := x.Header.Get("Authorization"); who == "" || x.Path == "/secret" && who != "Bearer alice" {
			return legacy.Answer{Status: 403}
		}
		return legacy.Answer{Body: []byte(x.Path)}
	})
	for range 2 {
		for _, path := range []string{"/secret", "/news"} {
			if a := g.as("alice", path); a.body != path {
				t.Errorf("alice, %s: %d %q", path, a.StatusCode, a.body)
			}
		}
		if a := g.as("bob", "/news"); a.body != "/news" {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
		if a := g.as("bob", "/secret"); a.StatusCode != 403 || a.body == "/secret" {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
	}
}

// What the origin refuses to one client although authorize.path lets it in, that
// client does not get from the others.
func TestARefusalOfTheResourceItselfCountsMoreThanAConsent(t *testing.T) {
	g := newGuardian(t, false, "authorize: {path: /me, ttl: 1h}", "interval: 10ms", "stale_if_error: 0s")
	g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Path != "/me" && x.Header.Get("Authorization") != "Bearer alice" {
			return legacy.Answer{Status: 403, Body: []byte("not for you")}
		}
		return legacy.Answer{Body: []byte("for alice")}
	})
	g.eventually("bob's credentials are tried", func() bool {
		g.as("alice", "/doc")
		a := g.as("bob", "/doc")
		return a.StatusCode == 403
	})
	for range 5 {
		if a := g.as("bob", "/doc"); a.StatusCode != 403 {
			t.Errorf("bob: %d %q", a.StatusCode, a.body)
		}
		if a := g.as("alice", "/doc"); a.body != "for alice" {
			t.Errorf("alice: %d %q", a.StatusCode, a.body)
		}
	}
}

// Nothing of one client is in what all share.
func TestAnAnswerThatSaysItIsOneClientsIsNotLent(t *testing.T) {
	for name, header := range map[string]http.Header{
		"private": {"Cache-Control": {"private"}}, "no-store": {"Cache-Control": {"no-store"}}, "cookie": {"Set-Cookie": {"a=b"}},
		"vary authorization": {"Vary": {"Authorization"}}, "vary cookie": {"Vary": {"Accept, Cookie"}}, "a name": {"X-User-Id": {"7"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, false, "authorize: {ttl: 1h}", "interval: 1h")
			g.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
				who := x.Header.Get("Authorization")
				if who == "" {
					return legacy.Answer{Status: 401}
				}
				return legacy.Answer{Header: header, Body: []byte(who)}
			})
			for range 3 {
				for _, who := range []string{"alice", "bob"} {
					if a := g.as(who, "/doc"); a.body != "Bearer "+who {
						t.Errorf("%s got %d %q", who, a.StatusCode, a.body)
					}
				}
			}
		})
	}
}

func TestAPreflightNeedsNoConsent(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me}")
	g.origin.Answer(legacy.Answer{Status: 204})
	if a := g.do("OPTIONS", "/doc", "", "Origin", "https://a", "Access-Control-Request-Method", "GET"); a.StatusCode != 204 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestAWriteIsCheckedFirstWhereAPathIsAsked(t *testing.T) {
	g := newGuardian(t, true, "authorize: {path: /me, ttl: 1h}")
	if a := g.do("POST", "/doc", "x", "Authorization", "Bearer mallory"); a.StatusCode != 401 {
		t.Errorf("mallory: %d", a.StatusCode)
	}
	if got, _ := g.requests("Bearer mallory"); got != 0 {
		t.Errorf("the write reached the origin %d times", got)
	}
	if a := g.do("POST", "/doc", "x", "Authorization", "Bearer alice"); a.StatusCode != 200 {
		t.Errorf("alice: %d", a.StatusCode)
	}
}

func TestNoCacheInFrontIsToldToKeepWhatEachClientIsLetInFor(t *testing.T) {
	for name, lines := range map[string][]string{"by path": {"authorize: {path: /me}"}, "by resource": {"authorize: {ttl: 1h}"}} {
		t.Run(name, func(t *testing.T) {
			g := newGuardian(t, true, append(lines, "interval: 10ms")...)
			g.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
				return legacy.Answer{Header: http.Header{
					"Cache-Control": {"public, max-age=60"}, "Expires": {"Thu, 01 Jan 2099 00:00:00 GMT"}, "Cdn-Cache-Control": {"max-age=60"}, "Surrogate-Control": {"max-age=60"},
				}, Body: []byte("v1")}
			})
			for _, fields := range [][]string{nil, nil, {"If-None-Match", "*"}, {"Range", "bytes=0-1"}} {
				a := g.as("alice", "/doc", fields...)
				if got := a.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "private, no-cache" ||
					a.Header.Get("Expires")+a.Header.Get("Cdn-Cache-Control")+a.Header.Get("Surrogate-Control") != "" {
					t.Errorf("%v: %d %v", fields, a.StatusCode, a.Header)
				}
			}
		})
	}
}
