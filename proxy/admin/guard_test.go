package admin

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// secured are the paths that need the token.
var secured = []string{"/api/stats", "/api/feeds", "/api/history", "/api/live", "/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/heap", "/nothing"}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestWithoutTheTokenNothingIsTold(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "s3cret:with colon")
	for name, authorization := range map[string]string{
		"missing": "", "empty": "Bearer ", "no scheme": "s3cret:with colon", "wrong": "Bearer wrong", "prefix": "Bearer s3cret",
		"longer": "Bearer s3cret:with colonx", "other scheme": "Digest s3cret:with colon", "as the user": basic("s3cret:with colon", ""),
		"wrong password": basic("admin", "wrong"), "no password": "Basic " + base64.StdEncoding.EncodeToString([]byte("s3cret")),
		"broken": "Basic s3cret:with colon", "twice": "Bearer Bearer s3cret:with colon",
	} {
		for _, path := range secured {
			a := r.do("GET", path, "Authorization", authorization)
			if a.want(t, 401, "send admin.token"); t.Failed() {
				t.Fatalf("with %s", name)
			}
			challenges := strings.Join(a.Header.Values("WWW-Authenticate"), "\n")
			if !strings.Contains(challenges, "Bearer realm=") || !strings.Contains(challenges, "Basic realm=") {
				t.Errorf("a browser would not ask: %q", challenges)
			}
		}
		r.do("POST", "/api/refresh?path=/x", "Authorization", authorization).want(t, 401, "")
	}
	if len(s.saw()) > 0 {
		t.Errorf("refreshed %v", s.saw())
	}
}

func TestTheTokenOpensEverything(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "s3cret:with colon")
	for _, authorization := range []string{
		"Bearer s3cret:with colon", "bearer s3cret:with colon", "BEARER s3cret:with colon",
		basic("anybody", "s3cret:with colon"), basic("", "s3cret:with colon"),
	} {
		for _, path := range secured[:len(secured)-1] {
			if path == "/api/live" { // does not end
				continue
			}
			// With a token, the name that it is asked by does not matter.
			r.do("GET", path, "Authorization", authorization, "Host", "admin.example").want(t, 200, "")
		}
		r.do("POST", "/api/refresh?path=/x", "Authorization", authorization).want(t, 200, "")
	}
	if len(s.saw()) != 5 {
		t.Errorf("refreshed %v", s.saw())
	}
}

// The page asks for the token by itself: nothing may have the browser ask for it as
// well.
func TestTheDashboardAsksForTheToken(t *testing.T) {
	s := newStub(t)
	s.ledger.Route("canary", time.Second)
	r := newRig(t, s, "secret")
	open := newRig(t, s, "").do("GET", "/").want(t, 200, "<!doctype html>")
	page := r.do("GET", "/").want(t, 401, "<!doctype html>")
	if page.body != open.body || page.Header.Get("Content-Security-Policy") != open.Header.Get("Content-Security-Policy") || strings.Contains(page.body, "canary") {
		t.Error("it is another page")
	}
	r.do("GET", "/", "Authorization", "Bearer secret").want(t, 200, "<!doctype html>")
	r.do("POST", "/").want(t, 401, "send admin.token")
	r.do("GET", "/index.html").want(t, 401, "send admin.token")
	for _, a := range []reply{page, r.do("GET", "/api/live", "Sec-Fetch-Dest", "empty").want(t, 401, "send"), r.do("GET", "/api/stats", "Sec-Fetch-Dest", "empty")} {
		if challenges := strings.Join(a.Header.Values("WWW-Authenticate"), "\n"); challenges != `Bearer realm="pollmux admin"` {
			t.Errorf("%s is challenged with %q", a.Request.URL.Path, challenges)
		}
	}
	newRig(t, s, "").do("GET", "/", "Host", "evil.example").want(t, 403, "ask for this by address")
}

func TestHealthIsNoSecret(t *testing.T) {
	r := newRig(t, newStub(t), "secret")
	for _, authorization := range []string{"", "Bearer wrong"} {
		r.do("GET", "/healthz", "Authorization", authorization).want(t, 200, "ok\n")
		r.do("GET", "/readyz", "Authorization", authorization).want(t, 200, "ready\n")
	}
	// No other spelling of them opens anything else.
	for _, path := range []string{"/healthz/../api/stats", "//healthz", "/readyz/", "/healthz%2f..%2fapi/stats"} {
		r.do("GET", path).want(t, 401, "")
	}
}

func TestWithoutATokenANameThatSomebodyElseOwnsIsRefused(t *testing.T) {
	s := newStub(t)
	r := newRig(t, s, "")
	for _, host := range []string{"evil.example", "evil.example:9090", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.1.nip.io:80", "localhost.", "localhosT2", "0x7f.1", "127.1"} {
		for _, path := range secured {
			r.do("GET", path, "Host", host).want(t, 403, "ask for this by address or as localhost")
		}
		r.do("POST", "/api/refresh?path=/x", "Host", host).want(t, 403, "")
		r.do("GET", "/healthz", "Host", host).want(t, 200, "ok\n")
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.1:9090", "localhost", "LOCALHOST:1", "[::1]", "[::1]:9090", "192.168.1.5:80", "[fe80::1]:80"} {
		r.do("GET", "/api/stats", "Host", host).want(t, 200, "{")
	}
	if len(s.saw()) > 0 {
		t.Errorf("refreshed %v", s.saw())
	}
}

func TestAPageElsewhereCannotRefreshInTheOperatorsName(t *testing.T) {
	for _, token := range []string{"", "secret"} {
		s := newStub(t)
		r := newRig(t, s, token)
		operator := []string{"Authorization", basic("", token)} // browsers add it by themselves
		for _, fields := range [][]string{
			{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", "http://127.0.0.1:1"},
			{"Origin", "null"},
		} {
			r.do("POST", "/api/refresh?path=/x", append(fields, operator...)...).want(t, 403, "")
		}
		if len(s.saw()) > 0 {
			t.Errorf("refreshed %v", s.saw())
		}
		for _, fields := range [][]string{
			{}, // a webhook
			{"Origin", "http://" + r.addr, "Sec-Fetch-Site", "same-origin"},
			{"Sec-Fetch-Site", "none"},
		} {
			r.do("POST", "/api/refresh?path=/x", append(fields, operator...)...).want(t, 200, "")
		}
	}
}
