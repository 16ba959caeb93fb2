package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// echoed answers with what was asked for: method, body and type.
func echoed(x *legacy.Request) legacy.Answer {
	return legacy.Answer{
		Header: http.Header{"Content-Type": {"text/plain"}, "Etag": {fmt.Sprintf("%q", x.Body)}},
		Body:   fmt.Appendf(nil, "%s %s %s", x.Method, x.Header.Get("Content-Type"), x.Body),
	}
}

func newPostRig(t *testing.T, lines ...string) *rig {
	t.Helper()
	r := newRig(t, append([]string{"interval: 1h", "methods: [GET, POST]"}, lines...)...)
	r.origin.AnswerFunc(echoed)
	return r
}

func TestPollsByPostAreSharedByBodyAndType(t *testing.T) {
	r := newPostRig(t)
	release := make(chan struct{})
	r.origin.Break(legacy.HangBeforeHead(release))
	asks := []struct{ body, kind, want string }{
		{`{"q":1}`, "application/json", `POST application/json {"q":1}`},
		{`{"q":2}`, "application/json", `POST application/json {"q":2}`},
		{`{"q":1}`, "text/plain", `POST text/plain {"q":1}`},
	}
	var clients sync.WaitGroup
	for i := range 30 {
		clients.Go(func() {
			ask := asks[i%len(asks)]
			a, err := r.try("POST", "/search", ask.body, "Content-Type", ask.kind)
			if err != nil || a.StatusCode != 200 || a.body != ask.want {
				t.Errorf("got %q, %v", a.body, err)
			}
		})
	}
	r.eventually("all wait", func() bool { return r.proxy.waiting() == 30 })
	close(release)
	clients.Wait()
	if n := r.polls(); n != len(asks) {
		t.Errorf("the origin got %d requests", n)
	}
	if a := r.get("/search"); a.body != "GET  " {
		t.Errorf("a GET got %q", a.body)
	}
}

func TestAPostThatOnlyReadsIsNoWrite(t *testing.T) {
	r := newPostRig(t)
	r.get("/x")
	for range 3 {
		r.do("POST", "/x", "a")
	}
	if a := r.get("/x"); a.Header.Get("Cache-Status") != "pollmux; hit" {
		t.Errorf("the GET's feed was refreshed: %v", a.Header)
	}
	if n := r.polls(); n != 2 {
		t.Errorf("the origin got %d requests", n)
	}
	r.do("PUT", "/x", "a")
	if a := r.do("POST", "/x", "a"); a.Header.Get("Cache-Status") == "pollmux; hit" {
		t.Error("a PUT did not refresh what POST reads")
	}
}

func TestAPostIsAWriteWhereTheRouteDoesNotSayOtherwise(t *testing.T) {
	r := newRig(t, "interval: 1h")
	r.origin.AnswerFunc(echoed)
	for i := range 3 {
		if a := r.do("POST", "/x", "a"); a.Header.Get("Cache-Status") != "pollmux; fwd=method" {
			t.Errorf("%v", a.Header)
		}
		if n := r.polls(); n != i+1 {
			t.Errorf("after %d the origin got %d", i+1, n)
		}
	}
}

func TestAPostWithChunksIsTheSamePollAsOneWithALength(t *testing.T) {
	r := newPostRig(t)
	r.do("POST", "/x", "abc")
	c := r.dial()
	_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: "+r.addr+"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\nGET /y HTTP/1.1\r\nHost: "+r.addr+"\r\n\r\n")
	br := bufio.NewReader(c)
	a, err := readReply(br, "POST")
	if err != nil || a.body != "POST  abc" || a.Header.Get("Cache-Status") != "pollmux; hit" {
		t.Errorf("%v %q, %v", a.Response, a.body, err)
	}
	if a, err = readReply(br, "GET"); err != nil || a.body != "GET  " {
		t.Errorf("behind it: %q, %v", a.body, err)
	}
}

func TestAPostThatIsTooLargeForAKeyPassesThroughWhole(t *testing.T) {
	r := newPostRig(t)
	for name, chunked := range map[string]bool{"length": false, "chunked": true} {
		t.Run(name, func(t *testing.T) {
			before := r.polls()
			r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer { return legacy.Answer{Body: []byte("fine")} })
			body := strings.Repeat("0123456789abcdef", 64<<10/16) + "!"
			head, tail := fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)), ""
			if chunked {
				head, tail = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(body)), "\r\n0\r\n\r\n"
			}
			for range 2 {
				c := r.dial()
				go func() {
					_, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: "+r.addr+"\r\n"+head+body+tail)
				}()
				a, err := readReply(bufio.NewReader(c), "POST")
				if err != nil || a.body != "fine" || a.Header.Get("Cache-Status") != "pollmux; fwd=bypass; detail=request-body-too-large" {
					t.Fatalf("%v, %d bytes, %v", a.Response, len(a.body), err)
				}
			}
			for _, x := range r.origin.Requests()[before:] {
				if got := x.BodySize; !x.Whole || got < int64(len(body)) || got > int64(len(body))+64 {
					t.Errorf("the origin got %d bytes of %d, whole: %v", got, len(body), x.Whole)
				}
			}
			if n := r.polls() - before; n != 2 {
				t.Errorf("the origin got %d requests", n)
			}
		})
	}
}

func TestAPostWhoseBodyIsCutReachesNobody(t *testing.T) {
	r := newPostRig(t)
	got := r.raw("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("got %q", got)
	}
	if n := r.polls(); n != 0 {
		t.Errorf("the origin got %d requests", n)
	}
}

func TestAPostIsNeverAnswered304NorPolledUnderACondition(t *testing.T) {
	r := newPostRig(t, "stale_if_error: 0s")
	for range 2 {
		a := r.do("POST", "/x", "a", "If-None-Match", `"a"`)
		if a.StatusCode != 200 {
			t.Errorf("got %d", a.StatusCode)
		}
	}
	r.refresh("/x")
	r.do("POST", "/x", "a")
	for _, x := range r.origin.Requests() {
		if x.Header.Get("If-None-Match") != "" {
			t.Errorf("a poll under a condition: %v", x.Header)
		}
	}
}

func TestAPostCanOpenAStream(t *testing.T) {
	r := newPostRig(t)
	c := r.dial()
	_, _ = io.WriteString(c, requestText("POST", "/x", r.addr, "abc", []string{"Accept", "text/event-stream"}))
	br := bufio.NewReader(c)
	for line := ""; line != "data: POST  abc\n"; {
		var err error
		if line, err = br.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnswersToAPostThatMayNotBeSharedAreForWhoeverAsked(t *testing.T) {
	r := newPostRig(t)
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		return legacy.Answer{Header: http.Header{"Set-Cookie": {"sid=" + x.Header.Get("X-Trace-Id")}}, Body: x.Body}
	})
	for i := range 3 {
		if a := r.do("POST", "/x", "abc"); a.body != "abc" || a.Header.Get("Set-Cookie") == "" {
			t.Errorf("%d: %v %q", i, a.Header, a.body)
		}
		if n := r.polls(); n != i+1 {
			t.Errorf("after %d the origin got %d", i+1, n)
		}
	}
}
