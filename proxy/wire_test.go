package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/testdata/strict"
)

// H-10, and what fasthttp made of paths: GO-2026-4950 and CVE-2022-21221 decoded
// them twice, #1923 needed two switches to leave them alone.
func TestATargetArrivesByteForByte(t *testing.T) {
	targets := []string{
		"/", "//", "//x", "/x//y", "/./x", "/a/../x", "/x/..", "/%2e%2e/x", "/%252e%252e%252fx", "/..%2f..%2fetc", "/%2fx", "/x%2Fy", "/x%2fy", "/\\x", "/x;a=b",
		"/x?", "/x??", "/x?a=b&a=c&&", "/x?a;b", "/x?%zz", "/%zz", "/%", "/x%00", "/%0d%0aX:%20y", "/a+b%20c%2B", "/?http://b/", "/\xff", "/ä?ö", "/@u:p", "/~x|y^z`{}\"<>",
		"/X?_=1", "/%41", "/x:80", "/x,y", "/*", "/x?\\",
	}
	for mode, lines := range map[string][]string{"pass": {"mode: pass"}, "coalesce": {"interval: 1h", "key: {ignore_query: []}"}} {
		r := newRig(t, lines...)
		for i, target := range targets {
			for _, form := range []string{target, "http://a" + target} {
				text := "GET " + form + " HTTP/1.1\r\nHost: a\r\nX-Case: " + fmt.Sprint(i, form == target) + "\r\nConnection: close\r\n\r\n"
				before := r.polls()
				if answer := r.raw(text); !strings.Contains(answer, "\r\nVia: ") { // even if this origin does not like it
					t.Errorf("%s %q: %q", mode, form, answer)
				}
				all := r.origin.Requests()
				if len(all) != before+1 {
					t.Fatalf("%s %q: %d requests", mode, form, len(all)-before)
				}
				got, err := strict.All(string(all[before].Head))
				if err != nil || got[0].Target != target || got[0].Field("Host")[0] != "a" || len(got[0].Field("Authorization")) > 0 {
					t.Errorf("%s %q became %q, %v", mode, form, all[before].Head, err)
				}
			}
		}
	}
}

// What is written is a request to somebody who mends nothing, its fields are
// those of the client, and nothing is made of a body.
func TestAPassedRequestIsOneToAStrictServer(t *testing.T) {
	const multipart = "preamble\r\n--b\r\nContent-Disposition:form-data;  name=\"a\"\r\n\r\n1\r\n--b--\r\nepilogue"
	for name, text := range map[string]string{
		"multipart":      fmt.Sprintf("POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(multipart), multipart),
		"no type":        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"nothing":        "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"no body":        "POST /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"an empty one":   "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"chunks":         "PUT /x HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
		"a GET's body":   "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"a trailer":      "POST /x HTTP/1.1\r\nHost: a\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n",
		"HTTP/1.0":       "POST /x HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"odd spellings":  "GET /x HTTP/1.1\r\nhOST: a\r\nx-lower:1\r\nX_Under: 2\r\nX-Empty:\r\nX-Twice: 1\r\nx-twice: 2\r\nCookie: a=\"1 2\"; ;b\r\nTE: trailers\r\n\r\n",
		"bytes":          "GET /x HTTP/1.1\r\nHost: a\r\nX-Bytes: \xff\x80\tä\r\n\r\n",
		"an odd method":  "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"an expectation": "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "mode: pass")
			r.raw(text)
			want, err := strict.All(text)
			if err != nil {
				t.Fatal(err)
			}
			all := r.origin.Requests()
			if len(all) != 1 {
				t.Fatalf("%d requests", len(all))
			}
			got, err := strict.All(string(all[0].Head) + string(all[0].Body))
			if err != nil || len(got) != 1 || got[0].Method != want[0].Method || got[0].Body != want[0].Body || got[0].HTTP10 {
				t.Fatalf("%v: %s%s", err, all[0].Head, all[0].Body)
			}
			if kept, sent := endToEnd(got[0].Fields), endToEnd(want[0].Fields); !slices.Equal(kept, sent) {
				t.Errorf("got %q\nof %q", kept, sent)
			}
			if len(want[0].Trailer) > 0 && fmt.Sprint(got[0].Trailer) != "[[X-A 1]]" {
				t.Errorf("trailer %v", got[0].Trailer)
			}
		})
	}
}

// endToEnd are the fields that no hop adds or takes away, in their order.
func endToEnd(fields [][2]string) (kept []string) {
	for _, f := range fields {
		switch textproto.CanonicalMIMEHeaderKey(f[0]) {
		case "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Cdn-Loop", "Te", "Trailer", "Expect", "Transfer-Encoding", "Content-Length", "Host", "X-Request-Id":
			continue
		}
		kept = append(kept, f[0]+": "+f[1])
	}
	return kept
}

// H-24: order counts for lines of one name (RFC 9110 section 5.3).
func TestThePassedFieldsOfAnAnswerAreTheOrigins(t *testing.T) {
	for _, lines := range [][]string{
		{"Content-Type: text/plain"}, {}, {"Content-Type: text/html; charset=\"x\"", "X-A: 1"}, {"Set-Cookie: a=1; path=/", "Set-Cookie: b=\"2, 3\"", "Set-Cookie: a=4"},
		{"Vary: Accept", "Vary: Cookie"}, {"Cache-Control: private", "Cache-Control: max-age=0"}, {"Server: nginx"}, {"server: a", "X-Server: b"},
		{"Date: Mon, 23 Nov 2026 00:00:00 GMT"}, {"X-Empty:"}, {"X-A: b, c", "x-a: d"}, {"ETag: W/\"x\"", "Last-Modified: Mon, 23 Nov 2026 00:00:00 GMT"},
		{"Link: </a>; rel=preload", "Link: </b>"}, {"WWW-Authenticate: Basic realm=\"a, b\"", "WWW-Authenticate: Negotiate"}, {"Content-Encoding: gzip"},
		{"Content-Encoding: gzip, br"}, {"Content-Language: de", "Content-Location: /y"}, {"Warning: 199 - \"x\""}, {"Location: /x%20y?z=\"a\""}, {"X-Bytes: \xff\x80"},
		{"Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: X-A"}, {"Strict-Transport-Security: max-age=1"}, {"Age: 5"}, {"Via: 1.0 other"}, {"X-Content-Type-Options: nosniff", "content-type: image/png"},
	} {
		r := newRig(t, "mode: pass")
		r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\n" + strings.Join(append(lines, "Content-Length: 2"), "\r\n") + "\r\n\r\n\x1f\x8b")))
		answer := r.raw("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		head, body, _ := strings.Cut(answer, "\r\n\r\n")
		if body != "\x1f\x8b" {
			t.Errorf("%q: body %q", lines, body)
		}
		got := map[string][]string{}
		for _, line := range strings.Split(head, "\r\n")[1:] {
			name, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(name)
			got[name] = append(got[name], strings.TrimSpace(value))
		}
		want := map[string][]string{"content-length": {"2"}, "connection": {"close"}}
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(name)
			want[name] = append(want[name], strings.TrimSpace(value))
		}
		want["via"] = append(want["via"], via)
		if want["date"] == nil {
			want["date"] = got["date"]
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v\nof %v", got, want)
		}
	}
}

// H-13: whatever either side says, what is about one connection stays on it.
func TestWhatConnectionNamesIsForOneHopInBothDirections(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\nConnection: ETag\r\nconnection: x-a ,Via,, close\r\nETag: \"x\"\r\nX-A: 1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nX-B: 2\r\nContent-Length: 2\r\n\r\nok")))
	answer := r.raw("GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-Secret, X-Forwarded-For,Via\r\nCONNECTION: cdn-loop, x-two,forwarded, close\r\nX-Secret: 1\r\nX-Two: 2\r\nX-Forwarded-For: 6.6.6.6\r\nX-Kept: 1\r\n\r\n" + smuggledGet)
	if n := strings.Count(answer, "HTTP/1.1 "); n != 1 || !strings.Contains(answer, "Connection: close\r\n") {
		t.Errorf("it did not close:\n%s", answer)
	}
	for _, gone := range []string{"ETag:", "X-A:"} {
		if strings.Contains(answer, gone) {
			t.Errorf("%s came back:\n%s", gone, answer)
		}
	}
	for _, kept := range []string{"X-B: 2\r\n", "Via: 1.1 pollmux\r\n", "Date: "} {
		if !strings.Contains(answer, kept) {
			t.Errorf("no %s:\n%s", kept, answer)
		}
	}
	head := r.seen("/x")
	for _, gone := range []string{"X-Secret", "X-Two", "6.6.6.6", "onnection:"} {
		if strings.Contains(head, gone) {
			t.Errorf("%s went on:\n%s", gone, head)
		}
	}
	for _, own := range []string{"\r\nX-Forwarded-For: 127.0.0.1\r\n", "\r\nVia: 1.1 pollmux\r\n", "\r\nCDN-Loop: pollmux-", "\r\nForwarded: for=127.0.0.1;", "\r\nX-Kept: 1\r\n"} {
		if !strings.Contains(head, own) {
			t.Errorf("no %q:\n%s", own, head)
		}
	}
}

// H-14: a 101 to anything but a WebSocket would be a tunnel round everything
// here.
func TestOnlyAWebSocketIsUpgraded(t *testing.T) {
	const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for name, text := range map[string]string{
		"h2c":                "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
		"h2c and websocket":  "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n" + key + "\r\n",
		"in two lines":       "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n" + key + "\r\n",
		"TLS":                "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n",
		"a POST":             "POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key + "\r\n",
		"a body":             "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n" + key + "\r\na",
		"HTTP/1.0":           "GET /x HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + key + "\r\n",
		"not nominated":      "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" + key + "\r\n",
		"nothing of it":      "GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"nominated, no more": "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "mode: pass")
			r.origin.Break(func(x *legacy.Exchange) {
				_ = x.Receive()
				_ = x.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + handshakeAccept + "\r\n\r\ntunnel"))
			})
			answer := r.raw(text)
			if !strings.HasPrefix(answer, "HTTP/1.1 502 ") || strings.Contains(answer, "tunnel") {
				t.Errorf("%q", answer)
			}
			if head := strings.ToLower(r.seen("/x")); strings.Contains(head, "upgrade") || strings.Contains(head, "http2-settings") {
				t.Errorf("the origin got\n%s", head)
			}
			r.origin.Break(nil)
			r.get("/next").want(t, 200, `{"v":1}`)
		})
	}
}

// H-11.
func TestAnExpectationIsForWhoWaitsWithABody(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		statuses string
	}{
		"HTTP/1.0":      {"POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", "200"},
		"no body":       {"GET /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "200"},
		"an empty one":  {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", "200"},
		"sent at once":  {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", "100 200"},
		"chunks":        {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "100 200"},
		"never sent":    {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "100 400"},
		"never chunked": {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", "100 400"},
		"another":       {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", "417"},
		"and another":   {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\nContent-Length: 1\r\n\r\n", "417"},
		"no route":      {"POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "404"},
		"two lengths":   {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
		"too large":     {"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n", "413"},
	} {
		t.Run(name, func(t *testing.T) {
			origin := legacy.NewFaulty(legacy.Answer{}, nil)
			if err := origin.Listen("127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(origin.Close)
			r := newRigFor(t, origin, strings.Replace(routeYAML(origin.URL(), []string{"mode: pass", "limits: {request_body: 1KiB}"}), "/**", "/x", 1))
			var statuses []string
			for line := range strings.SplitSeq(r.raw(test.text), "\r\n") {
				if status, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
					statuses = append(statuses, status[:3])
				}
			}
			if got := strings.Join(statuses, " "); got != test.statuses {
				t.Errorf("got %s, want %s", got, test.statuses)
			}
			for _, got := range origin.Requests() {
				if !strings.HasSuffix(test.statuses, "200") && got.Whole || strings.Contains(string(got.Head), "Expect") {
					t.Errorf("the origin got\n%s", got.Head)
				}
			}
		})
	}
}

// RFC 9110 section 15.3.6.
func TestA205HasNoBodyWhateverTheOriginSends(t *testing.T) {
	for name, wire := range map[string]string{
		"sized":    "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello",
		"chunked":  "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"to close": "HTTP/1.1 205 Reset Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
	} {
		r := newRig(t, "mode: pass")
		r.origin.Break(legacy.Raw([]byte(wire)), "/205")
		c := r.dial()
		_, _ = io.WriteString(c, requestText("POST", "/205", r.addr, "x", nil)+requestText("GET", "/x", r.addr, "", nil))
		br := bufio.NewReader(c)
		if a, err := readReply(br, "POST"); err != nil || a.StatusCode != 205 || a.body != "" || a.ContentLength != 0 {
			t.Errorf("%s: %v %q, %v", name, a.Response, a.body, err)
		}
		if a, err := readReply(br, "GET"); err != nil || a.StatusCode != 200 || a.body != `{"v":1}` {
			t.Errorf("%s: then %v %q, %v", name, a.Response, a.body, err)
		}
	}
}

// RFC 9110 section 7.6.2.
func TestMaxForwardsIsCounted(t *testing.T) {
	for _, mode := range []string{"mode: pass", "mode: coalesce"} {
		r := newRig(t, mode)
		for value, want := range map[string]string{"0": "", "1": "Max-Forwards: 0\r\n", "10": "Max-Forwards: 9\r\n", "x": "Max-Forwards: x\r\n", "-1": "Max-Forwards: -1\r\n"} {
			before := r.polls()
			a := r.do("OPTIONS", "/x", "", "Max-Forwards", value)
			if want == "" {
				if a.StatusCode != 204 || a.Header.Get("Allow") == "" || r.polls() != before {
					t.Errorf("%s: %d %v after %d requests", value, a.StatusCode, a.Header, r.polls()-before)
				}
			} else if head := r.seen("/x"); strings.Count(head, "Max-Forwards") != 1 || !strings.Contains(head, "\r\n"+want) {
				t.Errorf("%s: %s", value, head)
			}
		}
		r.do("POST", "/post", "", "Max-Forwards", "0")
		if head := r.seen("/post"); !strings.Contains(head, "Max-Forwards: 0\r\n") {
			t.Errorf("it is for OPTIONS only: %s", head)
		}
	}
}

// RFC 9110 section 7.6.3: it says what came, not what is sent.
func TestViaSaysInWhichVersionAMessageCame(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(legacy.Raw([]byte("HTTP/1.0 200 OK\r\nVia: 1.1 b\r\nContent-Length: 2\r\n\r\nok")), "/old")
	if answer := r.raw("GET /old HTTP/1.1\r\nHost: a\r\nVia: 1.1 c\r\nConnection: close\r\n\r\n"); !strings.Contains(answer, "\r\nVia: 1.1 b\r\n") || !strings.Contains(answer, "\r\nVia: 1.0 pollmux\r\n") {
		t.Errorf("%s", answer)
	}
	if head := r.seen("/old"); !strings.Contains(head, "\r\nVia: 1.1 c, 1.1 pollmux\r\n") {
		t.Errorf("%s", head)
	}
	if answer := r.raw("GET /new HTTP/1.0\r\n\r\n"); !strings.Contains(answer, "\r\nVia: 1.1 pollmux\r\n") {
		t.Errorf("%s", answer)
	}
	if head := r.seen("/new"); !strings.Contains(head, "\r\nVia: 1.0 pollmux\r\n") {
		t.Errorf("%s", head)
	}
}
