package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

func TestAMalformedRequestIsRefusedAndTheConnectionClosed(t *testing.T) {
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, request := range map[string]struct {
		text   string
		status int
	}{
		"garbage":               {"hello\r\n\r\n", 400},
		"no Host":               {"GET / HTTP/1.1\r\n\r\n", 400},
		"two Hosts":             {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		"user in Host":          {"GET / HTTP/1.1\r\nHost: u:p@a\r\n\r\n", 400},
		"port 0":                {"GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400},
		"user in target":        {"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"ftp target":            {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"fragment":              {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"TE and CL":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"CL and TE":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"two CLs":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n" + smuggled, 400},
		"CL with zero in front": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\na" + smuggled, 400},
		"CL with sign":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na" + smuggled, 400},
		"CL with underscore":    {"POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n" + smuggled, 400},
		"TE identity":           {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n" + smuggled, 501},
		"TE in HTTP/1.0":        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"folded":                {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n" + smuggled, 400},
		"folded TE":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
		"bare LF":               {"GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n" + smuggled, 400},
		"bare LF request line":  {"GET / HTTP/1.1\nHost: a\r\n\r\n" + smuggled, 400},
		"bare LF in HTTP/1.0":   {"GET / HTTP/1.0\n\n" + smuggled, 400},
		"bare LF at the end":    {"GET / HTTP/1.1\r\nHost: a\r\n\n" + smuggled, 400},
		"bare LF throughout":    {"GET / HTTP/1.1\nHost: a\n\n" + smuggled, 400},
		"bare CR request line":  {"GET / HTTP/1.1\rHost: a\r\n\r\n" + smuggled, 400},
		"space before colon":    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + smuggled, 400},
		"no colon":              {"GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n" + smuggled, 400},
		"HTTP/2.0":              {"GET / HTTP/2.0\r\nHost: a\r\n\r\n" + smuggled, 505},
		"HTTP/1.2":              {"GET / HTTP/1.2\r\nHost: a\r\n\r\n" + smuggled, 505},
		"HTTP/2 preface":        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		"CONNECT":               {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405},
		"TRACE":                 {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		"Connection names Host": {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n", 400},
		"bad chunk":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" + smuggled, 400},
		"padded chunk":          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n" + smuggled, 400},
		"NUL in extension":      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\x00\r\nabc\r\n0\r\n\r\n" + smuggled, 400},
		"long extension":        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;" + strings.Repeat("x", 256) + "\r\nabc\r\n0\r\n\r\n" + smuggled, 400},
		"many extensions":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("x", 200)+"\r\nx\r\n", 1000) + "0\r\n\r\n" + smuggled, 400},
		"oversized head":        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20_000) + "\r\n\r\n", 431},
		"oversized target":      {"GET /" + strings.Repeat("x", 20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
		"101 fields":            {"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: 1\r\n", 100) + "\r\n", 431},
		"unknown expectation":   {"POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na", 417},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			answer := r.raw(request.text)
			if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", request.status)) || strings.Count(answer, "Content-Length: ") != 1 {
				t.Errorf("want one %d, got %q", request.status, answer)
			}
			if !strings.Contains(answer, "Connection: close\r\n") || !strings.Contains(answer, "application/problem+json") {
				t.Errorf("%q", answer)
			}
			for _, got := range r.origin.Requests() {
				if chunked := strings.Contains(request.text, "chunked"); !chunked || got.Whole {
					t.Errorf("the origin got %s %s", got.Method, got.Target)
				}
			}
			r.get("/alive").want(t, 200, `{"v":1}`)
		})
	}
}

func TestNoRouteIs404(t *testing.T) {
	r := newRig(t, "host: api.example.com")
	for host, status := range map[string]int{"api.example.com": 200, "API.example.com:8080": 200, "other.example.com": 404} {
		answer := r.raw("GET /x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(answer, fmt.Sprintf("HTTP/1.1 %d ", status)) {
			t.Errorf("%s: %q", host, answer)
		}
	}
}

func TestAnAbsoluteTargetIsServedAsItsPath(t *testing.T) {
	r := newRig(t)
	answer := r.raw("GET http://Api.Example.com/x?q HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Fatalf("%q", answer)
	}
	if got := string(r.origin.Requests()[0].Head); !strings.HasPrefix(got, "GET /x?q HTTP/1.1\r\nHost: api.example.com\r\n") {
		t.Errorf("%s", got)
	}
}

func TestALimitedBodyIs413BeforeItIsSentOrOnTheWay(t *testing.T) {
	r := newRig(t, "limits: {request_body: 100KiB}")
	big := strings.Repeat("x", 200_000)
	if a := r.do("POST", "/x", big); a.StatusCode != 413 {
		t.Errorf("Content-Length: %d", a.StatusCode)
	}
	if answer := r.raw("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
		t.Errorf("Expect: %q", answer)
	}
	if answer := r.raw(fmt.Sprintf("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(big), big)); !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
		t.Errorf("chunked: %q", answer[:min(len(answer), 200)])
	}
	for _, got := range r.origin.Requests() {
		if got.Whole {
			t.Error("the origin got a whole request")
		}
	}
	if a := r.do("POST", "/x", big[:100<<10]); a.StatusCode != 200 {
		t.Errorf("at the limit: %d", a.StatusCode)
	}
}

func TestAnExpectationIsMetBeforeTheBody(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	br := bufio.NewReader(c)
	fmt.Fprintf(c, "POST /x HTTP/1.1\r\nHost: a\r\nexpect: 100-Continue\r\nContent-Length: 4\r\n\r\n")
	interim, err := http.ReadResponse(br, nil)
	if err != nil || interim.StatusCode != 100 {
		t.Fatalf("%v, %v", interim, err)
	}
	fmt.Fprintf(c, "body")
	if a, err := readReply(br, "POST"); err != nil || a.StatusCode != 200 {
		t.Fatalf("%v, %v", a, err)
	}
	if got := r.origin.Requests()[0]; strings.Contains(string(got.Head), "Expect") || string(got.Body) != "body" {
		t.Errorf("%s%s", got.Head, got.Body)
	}
}

func TestBeyondTheLimitOnFeedsRequestsPassThrough(t *testing.T) {
	r := newRig(t, "limits: {feeds: 2}", "interval: 1h")
	a, b := r.stream("/a", "text/event-stream"), r.stream("/b", "text/event-stream")
	a.event()
	b.event()
	for i := range 5 {
		if got := r.get(fmt.Sprintf("/other?%d", i)); got.StatusCode != 200 || got.Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=feed-limit" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	}
	r.body(`{"v":2}`)
	r.do("PUT", "/a", "x")
	if got := a.event(); got != `data: {"v":2}` {
		t.Errorf("a subscriber's feed was pushed out: %q", got)
	}
	_ = b.conn.Close()
	r.eventually("an unwanted feed makes room", func() bool {
		return r.get("/new").Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=feed-limit"
	})
}

func TestAClientThatDribblesItsHeadIsCutOff(t *testing.T) {
	r := newRig(t, "timeouts: {header: 200ms, idle: 300ms}")
	for name, text := range map[string]string{"head": "GET /x HTTP/1.1\r\nHos", "idle": "", "body": "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 10_000)} {
		begin := time.Now()
		c := r.dial()
		_, _ = io.WriteString(c, text)
		answer, err := io.ReadAll(c)
		if err != nil || strings.Contains(string(answer), "HTTP/1.1 2") {
			t.Errorf("%s: %q, %v after %v", name, answer, err, time.Since(begin))
		}
	}
}

func TestASlowReaderIsCutOffAndDelaysNobody(t *testing.T) {
	r := newRig(t, "timeouts: {write: 1s}", "interval: 100ms")
	big := strings.Repeat("x", 5<<20)
	n := 0
	var mu sync.Mutex
	r.origin.AnswerFunc(func(*legacy.Request) legacy.Answer {
		mu.Lock()
		defer mu.Unlock()
		n++
		return legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(fmt.Sprint(n) + big)}
	})
	slow := r.dial()
	_, _ = io.WriteString(slow, requestText("GET", "/x", r.addr, "", []string{"Accept", "text/event-stream"})) // and reads nothing
	r.eventually("both are held", func() bool { return r.stats().Subscribers.SSE == 1 })
	fast := r.stream("/x", "text/event-stream")
	for range 6 {
		fast.event()
	}
	r.eventually("the slow one is cut off", func() bool { return r.stats().Subscribers.SSE == 1 })
	fast.event()
}

func TestSecretsOfARequestAreInNoAnswerAndNoLog(t *testing.T) {
	r := newRig(t)
	r.origin.Break(legacy.Garbage(), "/broken")
	const canary = "canary-5f2c"
	for _, text := range []string{
		"GET /" + canary + " HTTP/1.1\r\nHost: " + canary + "@x\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: a\r\n" + canary + "\r\n\r\n",
		"BAD " + canary + "\r\n\r\n",
		"POST /broken?token=" + canary + " HTTP/1.1\r\nHost: a\r\nAuthorization: " + canary + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"GET /broken?token=" + canary + " HTTP/1.1\r\nHost: a\r\nAuthorization: " + canary + "\r\nConnection: close\r\n\r\n",
	} {
		if answer := r.raw(text); strings.Contains(answer, canary) {
			t.Errorf("%q came back in %q", text, answer)
		}
	}
	if strings.Contains(r.log.String(), canary) {
		t.Errorf("logged:\n%s", r.log)
	}
}
