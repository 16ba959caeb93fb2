package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const strayAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nstray"

// strays are answers with something behind them that belongs to nobody. "|" is
// where the origin waits until its connection lies idle.
var strays = map[string]struct{ method, wire string }{
	"a second answer, later":          {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok|" + strayAnswer},
	"a second answer, at once":        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + strayAnswer},
	"behind chunks":                   {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + strayAnswer},
	"behind a trailer":                {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n" + strayAnswer},
	"the body of a HEAD":              {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 83\r\n\r\n" + strayAnswer},
	"the body of a HEAD, later":       {"HEAD", "HTTP/1.1 200 OK\r\n\r\n|" + strayAnswer},
	"the body of a 204":               {"GET", "HTTP/1.1 204 No Content\r\n\r\n" + strayAnswer},
	"the body of a 204, later":        {"GET", "HTTP/1.1 204 No Content\r\n\r\n|" + strayAnswer},
	"the body of a 304":               {"PUT", "HTTP/1.1 304 Not Modified\r\nContent-Length: 83\r\n\r\n" + strayAnswer},
	"the body of a 304, later":        {"PUT", "HTTP/1.1 304 Not Modified\r\n\r\n|" + strayAnswer},
	"a 101":                           {"GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + strayAnswer},
	"an idle 408":                     {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok|HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	"one byte":                        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok|H"},
	"a line end":                      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok|\r\n"},
	"an interim answer":               {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok|HTTP/1.1 103 Early Hints\r\nLink: </stray>\r\n\r\n"},
	"two lengths":                     {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 85\r\n\r\nok" + strayAnswer},
	"a length and a coding":           {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 95\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + strayAnswer},
	"a folded length":                 {"GET", "HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 99\r\nContent-Length: 2\r\n\r\nok" + strayAnswer},
	"a length behind a bare LF":       {"GET", "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\nok" + strayAnswer},
	"an error for a bad chunk":        {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX" + strayAnswer},
	"an interim answer with a length": {"GET", "HTTP/1.1 103 Early Hints\r\nContent-Length: 83\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + strayAnswer},
	"HTTP/1.0":                        {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok" + strayAnswer},
}

// H-20: what one request left on a connection to the origin is never another's
// answer, be they polls or passed.
func TestNothingStrayAnswersAnother(t *testing.T) {
	for name, c := range strays {
		for _, mode := range []string{"mode: pass", "interval: 10ms"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, mode)
				r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer { return legacy.Answer{Body: []byte(x.Target)} })
				idle, sent := make(chan struct{}), make(chan struct{})
				done := sync.OnceFunc(func() { close(sent) })
				r.origin.Break(func(x *legacy.Exchange) {
					_ = x.Receive()
					first, later, _ := strings.Cut(c.wire, "|")
					_ = x.Write([]byte(first))
					if later != "" && x.Wait(idle) {
						_ = x.Write([]byte(later))
					}
					done()
				}, "/first")
				_, _ = r.try("GET", "/warm", "")
				if a, err := r.try(c.method, "/first", ""); err == nil && strings.Contains(a.body, "stray") {
					t.Errorf("%q", a.body)
				}
				close(idle)
				<-sent // what comes behind a request's last byte cannot be told from its answer
				for i, method := range []string{"GET", "POST", "PUT", "GET", "HEAD", "GET"} {
					path := fmt.Sprint("/next", i)
					var a reply
					// A request that meets the stray bytes half-way is an error, never
					// an answer.
					r.eventually("it is answered", func() bool {
						var err error
						a, err = r.try(method, path, "")
						return err == nil && a.StatusCode != http.StatusBadGateway
					})
					if want := path; a.StatusCode != 200 || method != "HEAD" && a.body != want {
						t.Errorf("%s %s: %d %q", method, path, a.StatusCode, a.body)
					}
				}
			})
		}
	}
}

// The same over one connection of a client: behind its answer comes the next.
func TestNothingStrayIsBehindAnAnswer(t *testing.T) {
	for name, c := range strays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "mode: pass")
			first, _, _ := strings.Cut(c.wire, "|")
			r.origin.Break(legacy.Raw([]byte(first)), "/first")
			conn := r.dial()
			_, _ = io.WriteString(conn, requestText(c.method, "/first", r.addr, "", nil)+requestText("GET", "/next", r.addr, "", []string{"Connection", "close"}))
			all, _ := io.ReadAll(conn)
			br := bufio.NewReader(strings.NewReader(string(all)))
			for _, method := range []string{c.method, "GET"} {
				a, err := readReply(br, method)
				for err == nil && a.StatusCode < 200 {
					a, err = readReply(br, method)
				}
				if err != nil {
					return // cut off
				}
				if strings.Contains(a.body, "stray") {
					t.Errorf("%d %q", a.StatusCode, a.body)
				}
			}
			if rest, _ := io.ReadAll(br); len(rest) > 0 {
				t.Errorf("then %q", rest)
			}
		})
	}
}

// H-26: an origin that answers before it has the body may read the rest of it as
// anything.
func TestAfterAnEarlyAnswerEveryoneGetsTheirOwn(t *testing.T) {
	r := newRig(t, "mode: pass")
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer { return legacy.Answer{Body: []byte(x.Target)} })
	r.origin.Break(early("413 Too Large", "Content-Length: 5\r\n\r\nearly"), "/upload")
	const size = 10 << 20
	for round := range 5 {
		c := r.dial()
		fmt.Fprintf(c, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size)
		_, _ = io.WriteString(c, strings.Repeat("x", 10_000))
		if a, err := readReply(bufio.NewReader(c), "POST"); err != nil || a.StatusCode != 413 || a.body != "early" || !a.Close {
			t.Fatalf("%v %q, %v", a.Response, a.body, err)
		}
		go func() { // ended by the proxy's end of the connection
			_, _ = io.CopyN(c, strings.NewReader(strings.Repeat(smuggledGet, size/len(smuggledGet))), size)
		}()
		for i := range 20 {
			path := fmt.Sprintf("/%d-%d", round, i)
			r.do([]string{"GET", "POST"}[i%2], path, "").want(t, 200, path)
		}
	}
	if got := r.requestsTo("/smuggled"); len(got) > 0 {
		t.Errorf("the rest of a body was taken for a request: %s", got[0].Head)
	}
}

// H-27: a proxy whose upstream is itself goes round once.
func TestAProxyInFrontOfItselfIsALoop(t *testing.T) {
	for _, line := range []string{"mode: pass", "interval: 1h"} {
		t.Run(line, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			r := &rig{t: t, log: &await.Log{}}
			r.serve(routeYAML("http://"+l.Addr().String(), []string{line}), l)
			for _, method := range []string{"GET", "POST", "PUT"} {
				if a := r.do(method, "/x", ""); a.StatusCode != http.StatusLoopDetected && a.StatusCode != http.StatusBadGateway {
					t.Errorf("%s: %d", method, a.StatusCode)
				}
			}
			if n := r.stats().UpstreamRequests.Pass + r.stats().UpstreamRequests.Poll; n > 4 {
				t.Errorf("it went round %d times", n)
			}
		})
	}
}

// H-25: a coding is between the origin and the client.
func TestContentCodingsAreLeftAlone(t *testing.T) {
	for _, fields := range []string{"Content-Encoding: gzip", "Content-Encoding: br", "Content-Encoding: gzip, gzip", "Content-Encoding: nonsense"} {
		for _, mode := range []string{"mode: pass", "interval: 1h"} {
			r := newRig(t, mode)
			r.origin.Break(legacy.Raw([]byte("HTTP/1.1 200 OK\r\n" + fields + "\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00x")))
			for range 2 {
				a := r.get("/x", "Accept-Encoding", "gzip, br")
				if name, value, _ := strings.Cut(fields, ": "); a.StatusCode != 200 || a.body != "\x1f\x8b\x00x" || a.Header.Get(name) != value {
					t.Errorf("%s %s: %d %q %v", mode, fields, a.StatusCode, a.body, a.Header)
				}
			}
		}
	}
}
