package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// H-16: an upload that its client breaks off is never completed towards the
// origin, whatever its framing and wherever it breaks off.
func TestAnUploadThatBreaksOffIsNotCompleted(t *testing.T) {
	const sized, chunked = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	big := strings.Repeat("x", 20_000)
	cuts := map[string]string{
		"sized, before the body":        fmt.Sprintf(sized, 20_000, ""),
		"sized, after a byte":           fmt.Sprintf(sized, 20_000, "x"),
		"sized, in the middle":          fmt.Sprintf(sized, 20_000, big[:10_000]),
		"sized, before the last byte":   fmt.Sprintf(sized, 20_000, big[1:]),
		"small, before the body":        fmt.Sprintf(sized, 10, ""),
		"small, before the last byte":   fmt.Sprintf(sized, 10, big[:9]),
		"chunks, before the first":      chunked,
		"chunks, in a size":             chunked + "5",
		"chunks, in the data":           chunked + "4e20\r\n" + big[:10_000],
		"chunks, before a data's end":   chunked + "5\r\nhello",
		"chunks, between two":           chunked + "5\r\nhello\r\n",
		"chunks, before the last":       chunked + "5\r\nhello\r\n0",
		"chunks, before the end":        chunked + "5\r\nhello\r\n0\r\n",
		"chunks, in the end":            chunked + "5\r\nhello\r\n0\r\n\r",
		"chunks, in a trailer":          chunked + "5\r\nhello\r\n0\r\nA: b",
		"chunks, in the trailer's end":  chunked + "5\r\nhello\r\n0\r\nA: b\r\n",
		"chunks, in an extension":       chunked + "5\r\nhello\r\n0;a",
		"chunks, all of them malformed": chunked + "5\r\nhello\r\n0\r\n\n",
	}
	for name, cut := range cuts {
		for _, ending := range []string{"FIN", "RST", "a stall"} {
			t.Run(name+", "+ending, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, "mode: pass", "timeouts: {idle: 200ms, header: 1s}")
				c := r.dial()
				_, _ = io.WriteString(c, cut)
				switch ending {
				case "FIN":
					_ = c.(wire).CloseWrite()
				case "RST":
					_ = c.(wire).SetLinger(0)
					_ = c.Close()
				}
				if answer, _ := io.ReadAll(c); strings.HasPrefix(string(answer), "HTTP/1.1 2") {
					t.Errorf("%q", answer)
				}
				_ = c.Close() // else the proxy waits for what it still sends
				r.eventually("the client is gone", func() bool { return r.connections() == 0 })
				r.eventually("the connection to the origin ends", func() bool { _, open := r.origin.Connections(); return open == 0 })
				for _, got := range r.origin.Requests() {
					if got.Whole {
						t.Errorf("the origin got all of\n%s", got.Head)
					}
				}
			})
		}
	}
}

// H-17: an answer that its origin breaks off is an error to whoever reads it,
// and no snapshot.
func TestAnAnswerThatBreaksOffIsNeverWhole(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	hello := strings.Repeat("hello, world", 10)
	wires := map[string]string{
		"sized":  fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(hello), hello),
		"chunks": fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(hello), hello),
		"closed": head + "\r\n" + hello,
	}
	ends := map[string]func(*legacy.Exchange){"FIN": (*legacy.Exchange).Close, "RST": (*legacy.Exchange).Reset}
	for kind, wire := range wires {
		for end, hangUp := range ends {
			for _, mode := range []string{"mode: pass", "interval: 10ms"} {
				t.Run(kind+" "+end+" "+mode, func(t *testing.T) {
					t.Parallel()
					r := newRig(t, mode)
					for _, cut := range []int{0, 1, 12, 40, len(head), len(head) + 30, len(wire) - 60, len(wire) - 8, len(wire) - 4, len(wire) - 2, len(wire) - 1} {
						if kind == "closed" && end == "FIN" && cut > len(head)+2 {
							continue // nothing tells that it is not whole
						}
						path, before := fmt.Sprint("/", cut), r.snapshots()
						r.origin.Break(func(x *legacy.Exchange) {
							_ = x.Receive()
							_ = x.Write([]byte(wire[:cut]))
							hangUp(x)
						}, path)
						if a, err := r.try("GET", path, ""); err == nil && a.StatusCode != http.StatusBadGateway {
							t.Errorf("cut at %d of %d: %d %q looks complete", cut, len(wire), a.StatusCode, a.body)
						}
						if r.snapshots() != before {
							t.Errorf("cut at %d: there is a snapshot", cut)
						}
						r.origin.Break(nil, path)
						r.eventually("it recovers", func() bool { a, err := r.try("GET", path, ""); return err == nil && a.body == `{"v":1}` })
					}
				})
			}
		}
	}
}

// snapshots is how many feeds have one.
func (r *rig) snapshots() (n int) {
	for _, info := range r.proxy.Feeds().List(time.Now()) {
		n += min(info.Bytes, 1)
	}
	return n
}

// H-18: whatever the first of three is, the others get their own answers, and
// nothing lies between.
func TestPipelinedRequestsGetTheirAnswersInOrder(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		a := legacy.Answer{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(x.Path)}
		switch x.Path {
		case "/204", "/304", "/205", "/404":
			_, _ = fmt.Sscan(x.Path[1:], &a.Status)
			a.Body = nil
		case "/chunked":
			a.Chunked = true
		case "/cookie":
			a.Header.Set("Set-Cookie", "a=b")
		}
		return a
	})
	etag := r.get("/known").Header.Get("ETag")
	for name, first := range map[string]struct {
		method, path string
		fields       []string
		status       int
		body         string
	}{
		"poll":               {"GET", "/poll", nil, 200, "/poll"},
		"a hit":              {"GET", "/known", nil, 200, "/known"},
		"not modified":       {"GET", "/known", []string{"If-None-Match", etag}, 304, ""},
		"long poll, at once": {"GET", "/long", []string{"Prefer", "wait=5"}, 200, "/long"},
		"long poll, held":    {"GET", "/known", []string{"Prefer", "wait=5", "If-None-Match", etag}, 304, ""},
		"not to be shared":   {"GET", "/cookie", nil, 200, "/cookie"},
		"HEAD of nothing":    {"HEAD", "/unknown", nil, 200, ""},
		"HEAD of a snapshot": {"HEAD", "/known", nil, 200, ""},
		"HEAD of a stream":   {"HEAD", "/known", []string{"Accept", "text/event-stream"}, 200, ""},
		"HEAD of chunks":     {"HEAD", "/chunked", nil, 200, ""},
		"chunks":             {"GET", "/chunked", []string{"Range", "bytes=0-"}, 200, "/chunked"},
		"204":                {"GET", "/204", nil, 204, ""},
		"304":                {"PUT", "/304", nil, 304, ""},
		"205":                {"POST", "/205", nil, 205, ""},
		"404":                {"GET", "/404", nil, 404, ""},
		"a write":            {"PUT", "/written", nil, 200, "/written"},
		"OPTIONS":            {"OPTIONS", "*", nil, 204, ""},
		"no such transport":  {"GET", "/known", []string{"Upgrade", "websocket", "Connection", "Upgrade"}, 426, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial()
			_, _ = io.WriteString(c, requestText(first.method, first.path, r.addr, "", first.fields)+
				requestText("POST", "/second", r.addr, "x", nil)+requestText("GET", "/third", r.addr, "", []string{"Connection", "close"}))
			br := bufio.NewReader(c)
			a, err := readReply(br, first.method)
			if err != nil || a.StatusCode != first.status || first.status != 426 && a.body != first.body {
				t.Fatalf("%v %q, %v", a.Response, a.body, err)
			}
			for _, path := range []string{"/second", "/third"} {
				if a, err = readReply(br, "GET"); err != nil || a.StatusCode != 200 || a.body != path {
					t.Fatalf("%s: %v %q, %v", path, a.Response, a.body, err)
				}
			}
			if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
				t.Errorf("then %q, %v", rest, err)
			}
		})
	}
}

// Behind a stream nothing is answered: it has no end.
func TestNothingBehindAStreamIsAnswered(t *testing.T) {
	for _, accept := range []string{"text/event-stream", "application/x-ndjson", "multipart/x-mixed-replace"} {
		r := newRig(t, "interval: 1h")
		c := r.dial()
		_, _ = io.WriteString(c, requestText("GET", "/x", r.addr, "", []string{"Accept", accept})+smuggledGet)
		br := bufio.NewReader(c)
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1024)
		n, err := resp.Body.Read(buf)
		if err != nil || strings.Contains(string(buf[:n]), "HTTP/1.1") || len(r.requestsTo("/smuggled")) > 0 {
			t.Errorf("%s: %q, %v", accept, buf[:n], err)
		}
	}
}

// H-12.
func TestNoTransportSendsChunksToHTTP10(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.Answer(legacy.Answer{Body: []byte("12345"), Chunked: true}, "/chunked")
	etag := r.get("/x").Header.Get("ETag")
	for name, request := range map[string]string{
		"poll":          "GET /x HTTP/1.0\r\n\r\n",
		"passed":        "POST /chunked HTTP/1.0\r\n\r\n",
		"long poll":     "GET /x HTTP/1.0\r\nPrefer: wait=1\r\nIf-None-Match: " + etag + "\r\n\r\n",
		"NDJSON":        "GET /x HTTP/1.0\r\nAccept: application/x-ndjson\r\n\r\n",
		"SSE":           "GET /x HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n",
		"multipart":     "GET /x HTTP/1.0\r\nAccept: multipart/x-mixed-replace\r\n\r\n",
		"refused":       "GET /x HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\na",
		"keep-alive":    "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"kept, chunked": "POST /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial()
			_, _ = io.WriteString(c, request)
			head := readHead(t, bufio.NewReader(c))
			if strings.Contains(head, "Transfer-Encoding") || name != "keep-alive" && !strings.Contains(head, "Connection: close") {
				t.Errorf("%s", head)
			}
		})
	}
}
