package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// L-22: what a request holds is in no answer of pollmux's own, in no log line and
// in no list, whatever is wrong with it.
func TestNoEcho(t *testing.T) {
	const secret = "canary-5f2c91"
	r := newRig(t, "limits: {request_header: 4KiB, request_body: 1KiB, feeds: 2}", "timeouts: {header: 300ms}", "credential_headers: [X-Acme]", "stale_if_error: 0s", "serve: [poll, sse]")
	r.origin.Break(legacy.ResetBeforeHead(), "/broken")
	r.origin.Break(legacy.Garbage(), "/garbage/"+secret)
	r.origin.Break(legacy.Status(503), "/down")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\n"+secret+"\r\n\r\n")), "/says")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 "+secret+"\r\nX: "+secret+"\x00\r\n\r\n")), "/nul")
	const end = "\r\nHost: a\r\nConnection: close\r\n\r\n"
	for _, request := range []string{
		"GET /" + secret + " HTTP/1.1\r\nHost: " + secret + "@x\r\n\r\n", "GET /x HTTP/1.1\r\nHost: " + secret + "/x\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nHost: " + secret + "\r\n\r\n",
		secret + "\r\n\r\n", "GET " + secret + " HTTP/1.1" + end, "GET /" + secret + " HTTP/1." + secret + end, "GET /" + secret + " HTTP/2.0" + end, "GET /" + secret + end,
		"GET /x HTTP/1.1\r\n" + secret + end, "GET /x HTTP/1.1\r\n" + secret + " : x" + end, "GET /x HTTP/1.1\r\nX: a\r\n " + secret + end, "GET /x HTTP/1.1\r\nX: " + secret + "\x00" + end, "GET /x HTTP/1.1\r\nX: " + secret + "\r" + end,
		"POST /x HTTP/1.1\r\nContent-Length: " + secret + end, "POST /x HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6" + end + secret, "POST /x HTTP/1.1\r\nTransfer-Encoding: " + secret + end, "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3" + end + secret,
		"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked" + end + secret + "\r\n", "POST /x HTTP/1.1\r\nContent-Length: 99999" + end + secret, "POST /x?t=" + secret + " HTTP/1.1\r\nTransfer-Encoding: chunked" + end + "800\r\n" + strings.Repeat(secret, 300),
		"GET /x?" + strings.Repeat(secret, 1000) + " HTTP/1.1" + end, "GET /x HTTP/1.1\r\nX: " + strings.Repeat(secret, 1000) + end, "GET /x HTTP/1.1\r\nAuthorization: Bearer " + secret, // and no more
		"GET /broken?t=" + secret + " HTTP/1.1\r\nAuthorization: " + secret + end, "GET /garbage/" + secret + " HTTP/1.1\r\nX-Acme: " + secret + end, "GET /down?t=" + secret + " HTTP/1.1\r\nCookie: sid=" + secret + end,
		"POST /broken?t=" + secret + " HTTP/1.1\r\nX-Api-Key: " + secret + "\r\nContent-Length: 0" + end, "GET /says?t=" + secret + " HTTP/1.1" + end, "GET /nul HTTP/1.1" + end, "POST /says HTTP/1.1\r\nContent-Length: 0" + end,
		"GET /x HTTP/1.1\r\nExpect: " + secret + end, "GET /x HTTP/1.1\r\nAccept: multipart/mixed; x=" + secret + end, "GET /x?t=" + secret + " HTTP/1.1\r\nCache-Control: only-if-cached, " + secret + end,
		"GET /x?t=" + secret + " HTTP/1.1\r\n" + strings.ReplaceAll(handshake, "dGhlIHNhbXBsZSBub25jZQ==", secret) + end, "GET /ok?t=" + secret + " HTTP/1.1\r\nAuthorization: " + secret + "\r\nAccept: text/event-stream;" + secret + "=1, text/html" + end,
		"CONNECT " + secret + ":1 HTTP/1.1" + end, "TRACE /" + secret + " HTTP/1.1\r\nX: " + secret + end,
	} {
		if answer := r.raw(request); strings.Contains(answer, secret) {
			t.Errorf("%.200q came back in %.400q", request, answer)
		}
	}
	if log := r.log.String(); strings.Contains(log, secret) || !strings.Contains(log, "a passed request failed") {
		t.Errorf("logged:\n%s", log)
	}
	if list := fmt.Sprintf("%+v", r.proxy.Feeds().List(time.Now())); strings.Contains(list, secret) {
		t.Errorf("listed: %s", list)
	}
}
