package share_test

import (
	"testing"

	"github.com/pollmux/pollmux/proxy/share"
)

func TestOnlyAPlainReadIsCoalesced(t *testing.T) {
	lines := func(more string) string { return "GET /x HTTP/1.1\r\nHost: a\r\n" + more + "\r\n\r\n" }
	first := func(first string) string { return first + "\r\nHost: a\r\n\r\n" }
	for raw, want := range map[string]share.Reason{
		first("GET /x HTTP/1.1"):                           "",
		first("HEAD /x?y HTTP/1.1"):                        "",
		first("GET http://a/x HTTP/1.1"):                   "",
		first("POST /x HTTP/1.1"):                          share.ReasonMethod,
		first("get /x HTTP/1.1"):                           share.ReasonMethod,
		first("OPTIONS /x HTTP/1.1"):                       share.ReasonMethod,
		first("OPTIONS * HTTP/1.1"):                        share.ReasonMethod,
		first("QUERY /x HTTP/1.1"):                         share.ReasonMethod,
		lines("Content-Length: 0"):                         "",
		lines("Content-Length: 1"):                         share.ReasonBody,
		lines("Transfer-Encoding: chunked"):                share.ReasonBody,
		lines("Range: bytes=0-1"):                          share.ReasonRange,
		lines("range:"):                                    share.ReasonRange,
		lines("If-Range: x"):                               share.ReasonRange,
		lines("If_Range: x"):                               share.ReasonRange,
		lines("Expect: 100-continue"):                      share.ReasonExpect,
		lines("X-HTTP-Method-Override: DELETE"):            share.ReasonOverride,
		lines("X_HTTP_METHOD_OVERRIDE: DELETE"):            share.ReasonOverride,
		lines("x-http-method: DELETE"):                     share.ReasonOverride,
		lines("X-Method-Override: GET"):                    share.ReasonOverride,
		lines("Connection: close, keep-alive"):             "",
		lines("Connection: TE\r\nTE: trailers"):            "",
		lines("Connection: X-A"):                           share.ReasonConnection,
		lines("Connection: Authorization"):                 share.ReasonConnection,
		lines("Connection: upgrade\r\nUpgrade: websocket"): "",
		lines("Connection: upgrade\r\nUpgrade: h2c"):       share.ReasonUpgrade,
		lines("Connection: upgrade"):                       share.ReasonUpgrade,
		lines("Upgrade: h2c"):                              "",
		"GET /x HTTP/1.0\r\nHost: a\r\n\r\n":               "",
		"GET /x HTTP/1.0\r\n\r\n":                          share.ReasonTarget,
		first("GET //x HTTP/1.1"):                          share.ReasonTarget,
		first("GET /x;a.css HTTP/1.1"):                     share.ReasonTarget,
		first("GET /x%2fa.css HTTP/1.1"):                   share.ReasonTarget,
		first("GET /x%00.js HTTP/1.1"):                     share.ReasonTarget,
		first("GET /x%3f.css HTTP/1.1"):                    share.ReasonTarget,
		first("GET /static/..%2fapi/x HTTP/1.1"):           share.ReasonTarget,
		first("GET /api/./x HTTP/1.1"):                     share.ReasonTarget,
		first("GET /\xffx HTTP/1.1"):                       share.ReasonTarget,
		first("GET /x?%zz HTTP/1.1"):                       share.ReasonTarget,
	} {
		if got := policy(nil).Coalescable(parse(t, raw)); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}
