package proxy

import (
	"fmt"
	"strings"
	"testing"
)

// attempts are requests by which one user could try to be given what another was
// told. %[1]s is the host; the user's own credentials come behind these lines.
var attempts = map[string][]string{
	"query": {
		"GET /me?_=1", "GET /me?_", "GET /me?_=1&_=2", "GET /me?_=1;you=ann", "GET /me?a=1&a=2", "GET /me?a=2&a=1", "GET /me?a=1;a=2",
		"GET /me?", "GET /me?&", "GET /me?%5f=1", "GET /me?utm_source=x", "GET /me?wait=1", "GET /me?last_event_id=x", "GET /me?callback=x",
		"GET /me?a=%00", "GET /me?a=%0d%0aAuthorization:%20x", "GET /me?a=%zz", "GET /me?a=\xff", "GET /me?a=b#c", "GET /me#?a=b",
	},
	"path": {
		"GET //me", "GET /./me", "GET /x/../me", "GET /%2e/me", "GET /%6de", "GET /ME", "GET /me/", "GET /me%2f", "GET /me;a.css", "GET /me/a.css",
		"GET /me%3fa.css", "GET /me%23", "GET /me%00", "GET /me%0a", "GET /me\\", "GET /\\me", "GET /me%5c..", "GET /static/..%2fme", "GET /me.", "GET /me%20",
	},
	"target": {
		"GET http://%[1]s/me", "GET HTTP://%[1]s/me", "GET http://user:pw@%[1]s/me", "GET http://other.example/me", "GET https://%[1]s/me", "GET //%[1]s/me",
	},
	"method": {
		"HEAD /me", "POST /me", "PUT /me", "DELETE /me", "PATCH /me", "OPTIONS /me", "OPTIONS *", "get /me", "Get /me", "QUERY /me", "PURGE /me",
		"PROPFIND /me", "TRACE /me", "CONNECT %[1]s", "GETT /me", "GET /me\r\nX-HTTP-Method-Override: POST", "GET /me\r\nX-HTTP-Method: HEAD",
	},
	"range": {
		"GET /me\r\nRange: bytes=0-0", "GET /me\r\nRange: bytes=-5", "GET /me\r\nRange: bytes=0-1,2-3", "GET /me\r\nRange: lines=1", "GET /me\r\nRange:",
		"GET /me\r\nRange: bytes=0-\r\nIf-Range: \"x\"", "GET /me\r\nIf-Range: W/\"x\"", "GET /me\r\nRange: bytes=0-0\r\nrange: bytes=1-",
	},
	"condition": {
		"GET /me\r\nIf-None-Match: *", "GET /me\r\nIf-None-Match: \"\"", "GET /me\r\nIf-None-Match: \"a\", W/\"b\"", "GET /me\r\nIf-None-Match: x\r\nIf-None-Match: *",
		"GET /me\r\nIf-Modified-Since: Fri, 31 Dec 2038 23:59:59 GMT", "GET /me\r\nIf-Modified-Since: x", "GET /me\r\nIf-Match: *", "GET /me\r\nIf-Unmodified-Since: x",
		"GET /me\r\nA-IM: json-patch\r\nIf-None-Match: *",
	},
	"directive": {
		"GET /me\r\nCache-Control: only-if-cached", "GET /me\r\nCache-Control: only-if-cached, max-stale", "GET /me\r\nCache-Control: no-cache", "GET /me\r\nCache-Control: no-store",
		"GET /me\r\nCache-Control: max-age=0", "GET /me\r\nPragma: no-cache", "GET /me\r\nCache-Control: stale-if-error=1000",
	},
	"header": {
		"GET /me\r\nAuthorization:", "GET /me\r\nCookie:", "GET /me\r\nCookie: _ga=1", "GET /me\r\nCookie: sid=\r\nCookie: a=b", "GET /me\r\nCookie: a=b, sid=c", "GET /me\r\nCookie: $Version=1; sid=\"\"",
		"GET /me\r\nX-Api-Key: \t", "GET /me\r\nAuthorization: Bearer", "GET /me\r\nAuthorization: bearer undefined", "GET /me\r\nProxy-Authorization: Basic YTpi",
		"GET /me\r\nX-Original-URL: /other", "GET /me\r\nX-Rewrite-URL: /other", "GET /me\r\nX-Host: x", "GET /me\r\nX-Forwarded-Host: x", "GET /me\r\nX-Forwarded-For: 127.0.0.1",
		"GET /me\r\nForwarded: for=127.0.0.1;host=x", "GET /me\r\nX-Forwarded-User: ann", "GET /me\r\nRemote-User: ann", "GET /me\r\nX-Real-IP: 127.0.0.1", "GET /me\r\nVia: 1.1 x",
		"GET /me\r\nAccept: text/html", "GET /me\r\nAccept: */*, text/html", "GET /me\r\nAccept-Encoding: gzip, br", "GET /me\r\nAccept-Language: de", "GET /me\r\nAccept-Charset: x",
		"GET /me\r\nOrigin: null", "GET /me\r\nOrigin: https://a.example", "GET /me\r\nPrefer: wait=1", "GET /me\r\nPrefer: respond-async", "GET /me\r\nLast-Event-ID: 1",
		"GET /me\r\nUser-Agent: x", "GET /me\r\nReferer: x", "GET /me\r\nSec-Fetch-Mode: cors", "GET /me\r\nDNT: 1", "GET /me\r\nX-Unknown: x", "GET /me\r\nX-A: a\r\nX-A: b", "GET /me\r\nX_A: a",
		"GET /me\r\nContent-Type: application/json", "GET /me\r\nTransfer-Encoding: identity", "GET /me\r\nTE: trailers", "GET /me\r\nExpect: 100-continue", "GET /me\r\nExpect: x", "GET /me\r\nContent-Length: 0",
		"GET /me\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA", "GET /me\r\nHost: other.example", "GET /me\r\nCDN-Loop: pollmux", "GET /me\r\n folded: line", "GET /me\r\nBad Name: x", "GET /me\r\nX: a\x00b",
	},
	"connection": {
		"GET /me\r\nConnection: Authorization", "GET /me\r\nConnection: Cookie", "GET /me\r\nConnection: X-Api-Key, X-Acme-Session, x_auth_token", "GET /me\r\nConnection: close, Authorization, Cookie",
		"GET /me\r\nConnection: keep-alive\r\nKeep-Alive: Cookie", "GET /me\r\nConnection: Vary", "GET /me\r\nProxy-Connection: Authorization", "GET /me\r\nConnection: Upgrade\r\nUpgrade: websocket",
	},
}

// attempt is the text of an attempt by a user.
func (c *multitude) attempt(u *user, line, carrier string) string {
	first, rest, _ := strings.Cut(line, "\r\n")
	if strings.Contains(first, "%[1]s") {
		first = fmt.Sprintf(first, c.addr)
	}
	return c.request(first, rest, u.credentials(carrier))
}

// Users ask for one resource in every way, together and after each other; the
// origin says each time who it was that asked.
func TestNoWayToAskIsAnsweredWithWhatAnotherWasTold(t *testing.T) {
	for _, share := range []string{"auto", "public"} {
		for _, said := range []string{"", "public, s-maxage=60", "max-age=60, must-revalidate", "private"} {
			for family, lines := range attempts {
				t.Run(share+"/"+said+"/"+family, func(t *testing.T) {
					t.Parallel()
					c := newMultitude(t, "interval: 1h", "share: "+share)
					c.origin.AnswerFunc(change(saying("Cache-Control", said)).mirror)
					for i, line := range lines {
						carrier := carriers[i%len(carriers)]
						for range 2 {
							c.all(2, func(u *user) {
								c.say(u, line, c.attempt(u, line, carrier))
								c.say(u, "after "+line, c.attempt(u, "GET /me", carrier))
							})
						}
					}
					if share == "auto" {
						c.heardThemselves(len(lines))
					}
				})
			}
		}
	}
}

// A credential in another field, or under another name, is another identity and
// none is nobody's.
func TestTheSameSecretInAnotherFieldIsAnotherIdentity(t *testing.T) {
	c := newMultitude(t, "interval: 1h")
	all := append([]string{"Authorization: Basic %s", "X-API-KEY: %s", "x-Api_key: %s", "Cookie: SID=%s", "cookie: sid=%s; sid=%[1]s"}, carriers...)
	for _, carrier := range all {
		for range 3 {
			c.all(1, func(u *user) { c.say(u, carrier, c.attempt(u, "GET /me", carrier)) })
		}
	}
	c.heardThemselves(30)
	// "X-API-KEY" and "X-Api-Key" are one field; nobody is one identity.
	if n, want := c.polls(), 2*(len(all)-1)+1; n != want {
		t.Errorf("the origin got %d requests, want %d", n, want)
	}
}
