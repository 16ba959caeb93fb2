package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// seen is the head that the origin got last, for a path.
func (r *rig) seen(path string) string {
	r.t.Helper()
	all := r.requestsTo(path)
	if len(all) == 0 {
		r.t.Fatalf("the origin was not asked for %s", path)
	}
	return string(all[len(all)-1].Head)
}

func TestAPassedRequestArrivesAsItWasSent(t *testing.T) {
	plainOnly(t)
	r := newRig(t)
	body := "a=1&b=%20"
	a := r.do("POST", "/form//x/../y?q=1&&q=%zz+%2B", body,
		"Content-Type", "application/x-www-form-urlencoded", "Cookie", `a="1 2"; ;b`, "cookie", "c=3",
		"X-Odd_Name", "v", "Accept-Encoding", "gzip, br", "User-Agent", "legacy/1.0", "If-Match", `"x"`, "Range", "bytes=0-1")
	if a.StatusCode != 200 || a.body != `{"v":1}` {
		t.Fatalf("%d %q", a.StatusCode, a.body)
	}
	got := r.origin.Requests()[0]
	if got.Target != "/form//x/../y?q=1&&q=%zz+%2B" || string(got.Body) != body {
		t.Errorf("target %q, body %q", got.Target, got.Body)
	}
	for _, line := range []string{
		"Host: " + r.addr, "Content-Type: application/x-www-form-urlencoded", `Cookie: a="1 2"; ;b`, "cookie: c=3", "X-Odd_Name: v",
		"Accept-Encoding: gzip, br", "User-Agent: legacy/1.0", `If-Match: "x"`, "Range: bytes=0-1", "Via: 1.1 pollmux",
		"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: " + r.addr,
		`Forwarded: for=127.0.0.1;proto=http;host="` + r.addr + `"`, fmt.Sprintf("Content-Length: %d", len(body)),
	} {
		if !strings.Contains(string(got.Head), "\r\n"+line+"\r\n") {
			t.Errorf("no line %q in\n%s", line, got.Head)
		}
	}
	if s := r.stats(); s.ClientRequests.Pass != 1 || s.UpstreamRequests.Pass != 1 || s.UpstreamRequests.Poll != 0 {
		t.Errorf("account %+v %+v", s.ClientRequests, s.UpstreamRequests)
	}
}

func TestHopByHopFieldsEndHere(t *testing.T) {
	r := newRig(t)
	r.origin.Answer(legacy.Answer{Header: http.Header{
		"Connection": {"X-Secret, keep-alive"}, "X-Secret": {"1"}, "Keep-Alive": {"timeout=5"}, "Proxy-Authenticate": {"Basic"},
		"Upgrade": {"h2c"}, "X-Kept": {"1"}, "Set-Cookie": {"a=1", "b=2"}, "Trailer": {"X-T"},
	}})
	a := r.do("POST", "/x", "body", "Connection", "X-Hop, Authorization, close", "X-Hop", "1", "Authorization", "Bearer a",
		"Keep-Alive", "5", "TE", "trailers", "Proxy-Authorization", "Basic x", "Proxy-Connection", "keep-alive",
		"Upgrade", "h2c", "HTTP2-Settings", "x", "X-Kept", "1")
	head := r.seen("/x")
	for _, name := range []string{"X-Hop", "Authorization", "Keep-Alive", "TE", "Proxy-Authorization", "Proxy-Connection", "Upgrade", "HTTP2-Settings", "Connection"} {
		if strings.Contains(strings.ToLower(head), "\r\n"+strings.ToLower(name)+":") {
			t.Errorf("%s went to the origin:\n%s", name, head)
		}
	}
	if !strings.Contains(head, "X-Kept: 1") {
		t.Errorf("X-Kept was lost:\n%s", head)
	}
	for _, name := range []string{"X-Secret", "Keep-Alive", "Proxy-Authenticate", "Upgrade"} {
		if a.Header.Get(name) != "" {
			t.Errorf("%s came back", name)
		}
	}
	if a.Header.Get("X-Kept") != "1" || len(a.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("%v", a.Header)
	}
}

func TestForwardingFieldsAreBelievedFromTrustedPeersOnly(t *testing.T) {
	plainOnly(t)
	said := []string{"X-Forwarded-For", "10.0.0.1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.example.com", "Forwarded", "for=10.0.0.1", "X_Forwarded_For", "6.6.6.6"}
	untrusted := newRig(t)
	untrusted.do("POST", "/x", "", said...)
	trusted := newRig(t, "trusted_proxies: [127.0.0.0/8]")
	trusted.do("POST", "/x", "", said...)
	for _, test := range []struct {
		r     *rig
		lines []string
	}{
		{untrusted, []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: " + untrusted.addr, `Forwarded: for=127.0.0.1;proto=http;host="` + untrusted.addr + `"`}},
		{trusted, []string{"X-Forwarded-For: 10.0.0.1, 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example.com", `Forwarded: for=10.0.0.1, for=127.0.0.1;proto=https;host="api.example.com"`}},
	} {
		head := test.r.seen("/x")
		for _, line := range test.lines {
			if !strings.Contains(head, "\r\n"+line+"\r\n") {
				t.Errorf("no line %q in\n%s", line, head)
			}
		}
		if strings.Contains(head, "6.6.6.6") {
			t.Errorf("a spoofed address went through:\n%s", head)
		}
	}
}

func TestARequestThatComesBackIsALoop(t *testing.T) {
	r := newRig(t)
	r.do("POST", "/x", "")
	line := r.seen("/x")[strings.Index(r.seen("/x"), "CDN-Loop: ")+10:]
	id, _, _ := strings.Cut(line, "\r\n")
	for _, method := range []string{"GET", "POST"} {
		if a := r.do(method, "/x", "", "CDN-Loop", "other, "+id); a.StatusCode != 508 {
			t.Errorf("%s: %d", method, a.StatusCode)
		}
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestBodiesStreamBothWays(t *testing.T) {
	r := newRig(t)
	// The origin answers each chunk as it comes.
	r.origin.Break(legacy.Unread(func(x *legacy.Exchange) {
		_, br := x.Conn()
		_ = x.Write([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		for {
			size, err := br.ReadString('\n')
			if err != nil {
				return
			}
			if size == "0\r\n" {
				_, _ = br.ReadString('\n')
				_ = x.Write([]byte("0\r\n\r\n"))
				return
			}
			n, _ := strconv.ParseInt(strings.TrimSpace(size), 16, 32)
			data := make([]byte, n+2)
			if _, err := io.ReadFull(br, data); err != nil {
				return
			}
			_ = x.Write(append([]byte(size), data...))
		}
	}), "/echo")
	c := r.dial()
	br := bufio.NewReader(c)
	fmt.Fprintf(c, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	var body *bufio.Reader
	for i := range 5 {
		text := fmt.Sprintf("chunk %d!\n", i)
		fmt.Fprintf(c, "%x\r\n%s\r\n", len(text), text)
		if body == nil {
			resp, err := http.ReadResponse(br, nil)
			if err != nil {
				t.Fatal(err)
			}
			body = bufio.NewReader(resp.Body)
		}
		// The echo comes while the upload is open: nothing was collected.
		if got, err := body.ReadString('\n'); err != nil || got != text {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	fmt.Fprintf(c, "0\r\n\r\n")
	if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
		t.Fatalf("%q, %v", rest, err)
	}
	// And the connection goes on, once the origin has closed its own: a write
	// that meets that half-way is not repeated.
	if err := r.origin.AwaitOpen(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	if a, err := readReply(br, "POST"); err != nil || a.StatusCode != 200 {
		t.Fatalf("%v, %v", a, err)
	}
}

func TestADrippingDownloadArrivesAsItDrips(t *testing.T) {
	r := newRig(t, "mode: pass")
	more := make(chan struct{})
	r.origin.Answer(legacy.Answer{Body: []byte("firstsecond")})
	r.origin.Break(legacy.HangMidBody(5, more))
	c := r.dial()
	_, _ = io.WriteString(c, requestText("GET", "/slow", r.addr, "", nil))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("%q, %v", first, err)
	}
	close(more)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" {
		t.Fatalf("%q, %v", rest, err)
	}
}

func TestAnEventStreamOfTheOriginPassesThrough(t *testing.T) {
	for _, mode := range []string{"mode: pass", "mode: coalesce"} {
		r := newRig(t, mode)
		more := make(chan struct{})
		r.origin.Break(func(x *legacy.Exchange) {
			_ = x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"))
			for i := range 3 {
				text := fmt.Sprintf("data: %d\n\n", i)
				_ = x.Write([]byte(fmt.Sprintf("%x\r\n%s\r\n", len(text), text)))
				if !x.Wait(more) {
					return
				}
			}
			_ = x.Write([]byte("0\r\n\r\n"))
		})
		s := r.stream("/events", "text/event-stream")
		for i := range 3 {
			if got := s.event(); got != fmt.Sprintf("data: %d", i) {
				t.Fatalf("%s: got %q", mode, got)
			}
			more <- struct{}{}
		}
		if n := r.polls(); n != 1 {
			t.Errorf("%s: the origin got %d requests", mode, n)
		}
	}
}

func TestAClientThatLeavesAPassedStreamIsNoticed(t *testing.T) {
	r := newRig(t, "mode: pass")
	left := make(chan bool, 1)
	r.origin.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n"))
		left <- !x.Wait(nil)
	})
	s := r.stream("/events", "text/event-stream")
	s.event()
	_ = s.conn.Close()
	select {
	case gone := <-left:
		if !gone {
			t.Error("the origin gave up first")
		}
	case <-time.After(await.Patience):
		t.Fatal("the origin still streams to nobody")
	}
}

func TestAWebSocketOfTheOriginPassesThrough(t *testing.T) {
	for _, mode := range []string{"mode: pass", "mode: coalesce"} {
		r := newRig(t, mode)
		upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}, CheckOrigin: func(*http.Request) bool { return true }}
		origin := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ws, err := upgrader.Upgrade(w, req, nil)
			if err != nil {
				return
			}
			for {
				kind, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				_ = ws.WriteMessage(kind, append([]byte("echo "), data...))
			}
		})}
		r.origin.Close()
		l := listenOn(t, r.origin.Addr())
		go func() { _ = origin.Serve(l) }()
		t.Cleanup(func() { _ = origin.Close() })
		ws := r.socket("/chat", "Sec-WebSocket-Protocol", "other, chat")
		if ws.Subprotocol() != "chat" {
			t.Errorf("%s: subprotocol %q", mode, ws.Subprotocol())
		}
		for _, text := range []string{"one", strings.Repeat("two", 100000)} {
			if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
			wantMessage(t, ws, websocket.TextMessage, "echo "+text)
		}
	}
}

func TestATunnelToAnOriginThatDidNotUnderstandIsRefused(t *testing.T) {
	for name, answer := range map[string]string{
		"wrong accept":  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
		"other upgrade": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
	} {
		r := newRig(t, "mode: pass")
		r.origin.Break(legacy.Raw([]byte(answer)))
		if _, resp, err := r.handshake("/chat"); err == nil || resp.StatusCode != 502 {
			t.Errorf("%s: %v, %v", name, resp, err)
		}
	}
	r := newRig(t, "mode: pass")
	r.origin.Answer(legacy.Answer{Status: 403, Body: []byte("no")})
	if _, resp, err := r.handshake("/chat"); err == nil || resp.StatusCode != 403 {
		t.Errorf("a refusal: %v, %v", resp, err)
	}
	r.origin.Break(legacy.Raw([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")))
	if a := r.do("POST", "/x", "", "Connection", "Upgrade", "Upgrade", "h2c"); a.StatusCode != 502 {
		t.Errorf("a 101 that nobody asked for: %d", a.StatusCode)
	}
}

func TestInterimResponsesAndTrailersPassThrough(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Break(func(x *legacy.Exchange) {
		_ = x.Receive()
		_ = x.Write([]byte("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\nX-Extra: 1\r\n\r\n"))
	})
	c := r.dial()
	fmt.Fprintf(c, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n3\r\nabc\r\n0\r\nX-Check: 7\r\nX-Sneaky: 1\r\n\r\n")
	br := bufio.NewReader(c)
	early, err := http.ReadResponse(br, nil)
	if err != nil || early.StatusCode != 103 || early.Header.Get("Link") != "</a.css>; rel=preload" {
		t.Fatalf("%v, %v", early, err)
	}
	final, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(final.Body)
	if err != nil || string(body) != "hi" || final.Trailer.Get("X-Sum") != "42" || final.Trailer.Get("X-Extra") != "" {
		t.Fatalf("%q, %v, %v", body, final.Trailer, err)
	}
	got := r.origin.Requests()[0]
	if strings.Contains(string(got.Head), "X-Sneaky") || strings.Contains(string(got.Head), "X-Check: 7") {
		t.Errorf("a trailer in the head:\n%s", got.Head)
	}
	if !strings.Contains(string(got.Head), "Trailer: X-Check") || !strings.HasSuffix(string(got.Body), "0\r\nX-Check: 7\r\n\r\n") {
		t.Errorf("head %q, body %q", got.Head, got.Body)
	}
}

func TestHEADAndStatusesWithoutBodyKeepTheConnectionInStep(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Answer(legacy.Answer{Status: 204}, "/204")
	r.origin.Answer(legacy.Answer{Status: 304, Header: http.Header{"Etag": {`"x"`}}}, "/304")
	r.origin.Answer(legacy.Answer{Body: []byte("12345"), Chunked: true}, "/chunked")
	r.origin.Answer(legacy.Answer{Status: 205}, "/205")
	c := r.dial()
	br := bufio.NewReader(c)
	for _, step := range []struct {
		method, path string
		status       int
		length       int64
		body         string
	}{
		{"HEAD", "/x", 200, 7, ""}, {"GET", "/x", 200, 7, `{"v":1}`}, {"GET", "/204", 204, 0, ""}, {"GET", "/304", 304, 0, ""},
		{"HEAD", "/chunked", 200, -1, ""}, {"GET", "/chunked", 200, -1, "12345"}, {"GET", "/205", 205, 0, ""}, {"DELETE", "/204", 204, 0, ""},
		{"GET", "/x", 200, 7, `{"v":1}`},
	} {
		_, _ = io.WriteString(c, requestText(step.method, step.path, r.addr, "", nil))
		a, err := readReply(br, step.method)
		if err != nil || a.StatusCode != step.status || a.body != step.body || a.ContentLength != step.length {
			t.Fatalf("%s %s: %+v, %q, %v", step.method, step.path, a.Response, a.body, err)
		}
	}
}

func TestAnUnknownLengthEndsWithTheConnectionForHTTP10(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.Answer(legacy.Answer{Body: []byte("12345"), Chunked: true})
	answer := r.raw("GET /x HTTP/1.0\r\n\r\n")
	if !strings.HasSuffix(answer, "\r\n\r\n12345") || strings.Contains(answer, "Transfer-Encoding") || !strings.Contains(answer, "Connection: close") {
		t.Errorf("%q", answer)
	}
}
