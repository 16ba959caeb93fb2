package proxy

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// FuzzPassQuick sends any bytes to a route that does not coalesce. What the origin is
// asked quickly, it would have been asked by fasthttp and what stands behind it, in
// the same way, and the client is told the same, and the account. The origin tells
// what it was sent.
func FuzzPassQuick(f *testing.F) {
	r := newRig(f, "mode: pass", "limits: {request_header: 1KiB}")
	r.origin.AnswerFunc(func(req *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Date": {"Mon, 23 Nov 2026 00:00:00 GMT"}}, Body: req.Head}
	})
	for _, text := range oddRequests(r) {
		f.Add([]byte(text))
	}
	for size := 1<<10 - 3; size < 1<<10+3; size++ {
		f.Add([]byte(r.text("/a", "X-Long", strings.Repeat("x", size-len(r.text("/a", "X-Long", ""))))))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := r.account()
		polls := r.polls()
		first := r.parroted(t, raw, 0)
		asked := r.polls() - polls
		if first.Response == nil && asked == 0 {
			return
		}
		between := r.account()
		if first.Response == nil || asked != 1 {
			t.Fatalf("%q: the origin is asked %d times, and there is no answer", raw, asked)
		}
		second := r.parroted(t, raw, 1)
		if first.StatusCode != second.StatusCode || unnamed(first.body) != unnamed(second.body) || !reflect.DeepEqual(first.Header, second.Header) {
			t.Errorf("%q: %d %v %q, and not %d %v %q", raw, first.StatusCode, first.Header, first.body, second.StatusCode, second.Header, second.body)
		}
		if got := r.polls() - polls; got != 2 {
			t.Errorf("%q: the origin is asked %d times in all", raw, got)
		}
		if one, other := between.since(before), r.account().since(between); !reflect.DeepEqual(one, other) {
			t.Errorf("%q: the account is %v, and not %v", raw, one, other)
		}
	})
}

// oddRequests are some about which there may be two opinions.
func oddRequests(r *rig) []string {
	return []string{
		r.text("/a"), r.text("/a?x=%zz"), r.text("/a/..%2fb"), r.text("/a;b"), r.text("//a"), r.text("/%"), r.text("/a#b"), r.text("/\xff"),
		r.text("/a", "Range", "bytes=0-1", "If-Range", `"x"`), r.text("/a", "If-Match", "*", "If-Unmodified-Since", "x"), r.text("/a", "Max-Forwards", "0"),
		r.text("/a", "X-HTTP-Method-Override", "DELETE"), r.text("/a", "Expect", "100-continue"), r.text("/a", "Expect", ""), r.text("/a", "Expect", "x"),
		r.text("/a", "Connection", "X-A, keep-alive", "X-A", "1"), r.text("/a", "Connection", "Host"), r.text("/a", "TE", "trailers"), r.text("/a", "Upgrade", "h2c"),
		r.text("/a", "Connection", "upgrade", "Upgrade", "h2c"), r.text("/a", "Cookie", "a=b", "Authorization", "Basic eA=="), r.text("/a", "X-Forwarded-For", "1.2.3.4"),
		r.text("/a", "Forwarded", "for=1.2.3.4"), r.text("/a", "CDN-Loop", "x, "+r.proxy.loopID), r.text("/a", "Via", "1.0 x"), r.text("/a", "Host", "b"), r.text("/a", "X_Under", "1"),
		r.text("/a", "Content-Length", "0"), r.text("/a", "Content-Length", "5") + "hello", r.text("/a", "Transfer-Encoding", "chunked") + "0\r\n\r\n", r.text("/a", "Content_Length", "5"),
		r.text("/a") + r.text("/b"), "\r\n" + r.text("/a"), "GET /a HTTP/1.1\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n",
		"GET /a  HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost : a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a:0\r\n\r\n", "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a HTTP/1.1\r\nHost: u:p@a\r\n\r\n",
		"GET /a HTTP/1.0\r\nHost: a\r\n\r\n", "GET /a HTTP/2.0\r\nHost: a\r\n\r\n", "GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a%41\r\n\r\n",
		"GET /@x:y/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX-\x80: 1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n", "GET /a HTTP/1.1\r\nHost: a..b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: _\r\n\r\n",
		"GET /?:// HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: -a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: 1.2.3.4.5\r\n\r\n", "GET /a HTTP/1.1\r\nHost: 999.1.1.1\r\n\r\n",
		r.text("/a", "X-Long", strings.Repeat("x", 1000)), r.text("/a", "X-Long", strings.Repeat("x", 3000)),
	}
}

// account is what is counted of clients, and of what they are spared.
type account map[string]int64

func (r *rig) account() account {
	s := r.stats()
	return account{
		"poll":     s.ClientRequests.Poll,
		"pass":     s.ClientRequests.Pass,
		"others":   s.ClientRequests.Longpoll + s.ClientRequests.SSE + s.ClientRequests.NDJSON + s.ClientRequests.Multipart + s.ClientRequests.WebSocket,
		"polls":    s.UpstreamRequests.Poll,
		"passes":   s.UpstreamRequests.Pass,
		"asks":     s.UpstreamRequests.Authorize,
		"errors":   s.UpstreamErrors,
		"saved":    s.SavedRequestsMeasured,
		"guessed":  s.SavedRequestsEstimated,
		"bytes":    s.SavedBytes,
		"unshared": sum(s.Unshared),
		"limits":   sum(r.proxy.Ledger().Stats().Limits),
	}
}

func sum(counts map[string]int64) (n int64) {
	for _, count := range counts {
		n += count
	}
	return n
}

func (a account) since(b account) account {
	d := account{}
	for name := range a {
		d[name] = a[name] - b[name]
	}
	return d
}
