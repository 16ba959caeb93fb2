package share_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
)

func TestAKeyIsTheRouteTheHostTheTargetAndTheFieldsThatCount(t *testing.T) {
	p := policy(nil)
	k := made(p, target(t, "/x?b=2&a=1&_=7", "X-Tenant: 7", "accept: text/csv", "User-Agent: curl", "X-A: 1", "x-a: 2", "Origin: https://b"))
	if got, want := string(k.Bytes()), "route\na\n/x?b=2&a=1\naccept:text/csv\norigin:https://b\nx-a:1\nx-a:2\nx-tenant:7\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	want := "GET /x?b=2&a=1 HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\nOrigin: https://b\r\nX-A: 1\r\nX-A: 2\r\nX-Tenant: 7\r\n" +
		strings.TrimPrefix(ending, "Accept: */*\r\n")
	if got := wire(k); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if (k.Audience() != share.Everybody) || k.Withheld() || k.Identity() != nil || k.Target() != "a/x?b=2&a=1" || !k.Current() || k.Vary() != p.Vary() {
		t.Errorf("%v %v %x %s", (k.Audience() != share.Everybody), k.Withheld(), k.Identity(), k.Target())
	}
}

func TestAPollOfABareRequestSaysNothingButTheTarget(t *testing.T) {
	p := policy(nil)
	k := made(p, get(t))
	if got, want := wire(k), "GET /x HTTP/1.1\r\nHost: a\r\n"+ending; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(k.Request([]byte("before "), agent, "")); got != "before "+strings.TrimSuffix(wire(k), trail) {
		t.Errorf("appended: %q", got)
	}
	same(t, p, get(t), parse(t, "HEAD /x HTTP/1.1\r\nHost: A\r\nUser-Agent: x\r\n\r\n"))
	same(t, p, get(t), parse(t, "GET http://a/x HTTP/1.1\r\nHost: b\r\n\r\n"))
	same(t, p, get(t), parse(t, "GET /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"))
}

func TestRoutesHostsAndTargetsNeverShare(t *testing.T) {
	p := policy(nil)
	other := share.NewPolicy("route2", config.DefaultRoute(), "", secret)
	if bytes.Equal(made(p, get(t)).Bytes(), made(other, get(t)).Bytes()) {
		t.Error("two routes share")
	}
	base := get(t)
	for _, raw := range []string{
		"GET /x HTTP/1.1\r\nHost: b\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a.\r\n\r\n", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /X HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%78 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x? HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /x?a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?a= HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		different(t, p, base, parse(t, raw))
	}
}

func TestTheUpstreamsHostReplacesTheClients(t *testing.T) {
	p := share.NewPolicy("route", config.DefaultRoute(), "API.internal:81", secret)
	k := made(p, get(t))
	if !strings.HasPrefix(wire(k), "GET /x HTTP/1.1\r\nHost: api.internal:81\r\n") || k.Target() != "api.internal:81/x" {
		t.Errorf("%s\n%s", wire(k), k.Target())
	}
	same(t, p, get(t), parse(t, "GET /x HTTP/1.1\r\nHost: b\r\n\r\n"))
}

func TestRequestsThatDifferInWhatCountsNeverShare(t *testing.T) {
	for name, pair := range map[string][2][]string{
		"an unknown field":            {{"X-Tenant: a"}, {"X-Tenant: b"}},
		"its presence":                {{"X-Tenant: a"}, nil},
		"the case of its value":       {{"X-Tenant: a"}, {"X-Tenant: A"}},
		"white space inside":          {{"X-Tenant: a b"}, {"X-Tenant: a  b"}},
		"its lines":                   {{"X-Tenant: a", "X-Tenant: b"}, {"X-Tenant: a, b"}},
		"the order of its lines":      {{"X-Tenant: a", "X-Tenant: b"}, {"X-Tenant: b", "X-Tenant: a"}},
		"one more of the same":        {{"X-Tenant: a", "X-Tenant: a"}, {"X-Tenant: a"}},
		"an underscore":               {{"X-Tenant: a"}, {"X_Tenant: a"}},
		"its name":                    {{"X-Tenant: a"}, {"X-Tenan: a"}},
		"a colon in the value":        {{"X: a:b"}, {"X: a"}},
		"a byte beyond ASCII":         {{"X: \xe4"}, {"X: ä"}},
		"a tab":                       {{"X: a\tb"}, {"X: a b"}},
		"Origin":                      {{"Origin: https://a"}, {"Origin: https://b"}},
		"Origin or none":              {{"Origin: null"}, nil},
		"Accept":                      {{"Accept: text/html"}, {"Accept: application/json"}},
		"Accept or none":              {{"Accept: text/html"}, nil},
		"a reader's language":         {{"Accept: text/html, */*;q=0.8", "Accept-Language: de"}, {"Accept: text/html, */*;q=0.8", "Accept-Language: en"}},
		"Prefer":                      {{"Prefer: return=minimal"}, nil},
		"Content-Type":                {{"Content-Type: text/x"}, nil},
		"Date":                        {{"Date: x"}, nil},
		"Accept-Charset":              {{"Accept-Charset: x"}, nil},
		"X-Requested-With":            {{"X-Requested-With: XMLHttpRequest"}, nil},
		"X-Original-URL":              {{"X-Original-URL: /admin"}, nil},
		"X-Host":                      {{"X-Host: b"}, nil},
		"Proxy":                       {{"Proxy: b"}, nil},
		"Authorization":               {{"Authorization: Bearer a"}, {"Authorization: Bearer b"}},
		"Authorization or none":       {{"Authorization: Bearer a"}, nil},
		"Cookie":                      {{"Cookie: sid=a"}, {"Cookie: sid=b"}},
		"Cookie or none":              {{"Cookie: sid=a"}, nil},
		"X-Api-Key":                   {{"X-Api-Key: a"}, {"X-Api-Key: b"}},
		"which credential":            {{"X-Api-Key: a"}, {"Api-Key: a"}},
		"how a credential is spelled": {{"X-Api-Key: a"}, {"X_Api_Key: a"}},
		"credential and unknown":      {{"X-Api-Key: a", "X-B: b"}, {"X-Api-Key: b", "X-B: a"}},
		"one credential more":         {{"Cookie: sid=a", "X-Csrf-Token: t"}, {"Cookie: sid=a"}},
	} {
		t.Run(name, func(t *testing.T) { different(t, policy(nil), get(t, pair[0]...), get(t, pair[1]...)) })
	}
}

func TestRequestsThatDifferInNothingElseShare(t *testing.T) {
	p := policy(nil)
	for _, what := range []head.Name{head.Harmless, head.Forwarding} {
		for _, name := range head.Names(what) {
			same(t, p, get(t), get(t, name+": canary"))
			same(t, p, get(t), get(t, strings.ReplaceAll(strings.ToUpper(name), "-", "_")+": canary"))
		}
	}
	for _, line := range []string{
		"Accept-Encoding: gzip", "Accept-Language: de", "If-None-Match: *", "If-Modified-Since: x", "Cache-Control: no-cache", "Last-Event-ID: x", "TE: trailers", "Keep-Alive: x", "Connection: close",
		"Proxy-Authorization: Basic x", "Upgrade: h2c", "HTTP2-Settings: x", "Sec-Fetch-Mode: cors", "Sec-CH-UA: x", "Sec-WebSocket-Protocol: x", "Content-Length: 0", "If-Match: x",
		"X-B3-TraceId: x", "X-Datadog-Trace-Id: x", "Trailer: x", "Accept: */*", "Accept:", "accept: ", "Prefer: wait=5", "X-Empty:", "Authorization:", "Cookie:", "Cookie: ; ;",
	} {
		same(t, p, get(t), get(t, line))
	}
	same(t, p, get(t, "Accept: application/json", "Accept-Language: de"), get(t, "Accept: application/json", "Accept-Language: en"))
	same(t, p, get(t, "X-B: 1", "X-A: 2", "Cookie: a=b"), get(t, "cookie: a=b", "x-a:2", "X-B:  1 "))
}
