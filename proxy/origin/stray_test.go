package origin

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const strayBody = "STRAY: this was somebody else's"

var strayText = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(strayBody), strayBody)

// echo answers with the request's target, so that an answer in the wrong hands
// is visible, and padding that makes answers end anywhere in a buffer.
func echo(r *legacy.Request) legacy.Answer {
	answer := legacy.Answer{Body: []byte(echoed(r.Target)), Chunked: strings.Contains(r.Target, "chunked")}
	return answer
}

// echoed is what echo says to a target that ends in -N: N bytes more.
func echoed(target string) string {
	var padding int
	_, _ = fmt.Sscanf(target[strings.LastIndexByte(target, '-')+1:], "%d", &padding)
	return target + strings.Repeat(".", padding)
}

// eachTransport runs a test over TCP and over TLS.
func eachTransport(t *testing.T, answer legacy.Answer, test func(t *testing.T, r *rig)) {
	t.Run("tcp", func(t *testing.T) { test(t, newRig(t, answer)) })
	t.Run("tls", func(t *testing.T) { test(t, newTLSRig(t, answer)) })
}

func TestAStrayAnswerNeverReachesTheNextRequest(t *testing.T) {
	const clients = 32
	eachTransport(t, legacy.Answer{}, func(t *testing.T, r *rig) {
		rounds := 200
		if testing.Short() || r.url.Scheme == "https" {
			rounds = 20 // each needs a connection
		}
		r.AnswerFunc(echo)
		r.Break(legacy.Glued(plain(strayBody)))
		var wait sync.WaitGroup
		for c := range clients {
			wait.Go(func() {
				for i := range rounds {
					kind := [...]string{"sized", "chunked"}[i%2]
					target := fmt.Sprintf("/%s/%d-%d", kind, c, (c*rounds+i)*37%9000)
					if _, body, err := r.do(get(target)); err != nil || body != echoed(target) {
						t.Errorf("%s: got %.80q, %v", target, body, err)
						return
					}
				}
			})
		}
		wait.Wait()
	})
}

// TestAStrayAnswerIsFoundWhereverTheFirstOneEnds has each first answer end at
// another place of the buffers on the way, those of TLS included.
func TestAStrayAnswerIsFoundWhereverTheFirstOneEnds(t *testing.T) {
	eachTransport(t, legacy.Answer{}, func(t *testing.T, r *rig) {
		r.AnswerFunc(echo)
		r.Break(legacy.Glued(plain(strayBody)))
		for padding := 3900; padding < 4200; padding++ {
			target := fmt.Sprintf("/%d", -padding)
			r.expect(get(target), 200, echoed(target))
		}
	})
}

// late answers well and, once the client has left the connection idle, puts
// text on it.
func late(when <-chan struct{}, text string) legacy.Fault {
	return func(x *legacy.Exchange) {
		_ = x.Respond(x.Answer())
		if x.Wait(when) {
			_ = x.Write([]byte(text))
		}
	}
}

// lateAfterHead sends the head of the answer alone, and text later.
func lateAfterHead(when <-chan struct{}, text string) legacy.Fault {
	return func(x *legacy.Exchange) {
		head, _ := x.Render(x.Answer())
		_ = x.Write(head)
		if x.Wait(when) {
			_ = x.Write([]byte(text))
		}
	}
}

func TestWhatComesOnAnIdleConnectionIsNobodysAnswer(t *testing.T) {
	cases := map[string]struct {
		method string
		answer legacy.Answer
		fault  func(when <-chan struct{}, text string) legacy.Fault
		text   string
	}{
		"a second answer":        {"GET", plain("first"), late, strayText},
		"one byte of it":         {"GET", plain("first"), late, "H"},
		"a stray line end":       {"GET", plain("first"), late, "\r\n"},
		"after a chunked answer": {"GET", legacy.Answer{Body: []byte("first"), Chunked: true}, late, strayText},
		"an idle 408":            {"GET", plain("first"), late, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
		"a 101 nobody asked for": {"GET", plain("first"), late, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"},
		"an interim answer":      {"GET", plain("first"), late, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
		"the body of a HEAD":     {"HEAD", plain(""), lateAfterHead, strayText}, // one with a length is not kept at all
		"the body of a 204":      {"GET", legacy.Answer{Status: 204}, lateAfterHead, strayText},
		"the body of a 304":      {"GET", legacy.Answer{Status: 304}, lateAfterHead, strayText},
		"an end":                 {"GET", plain("first"), late, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, c.answer, func(t *testing.T, r *rig) {
				when := make(chan struct{})
				r.Break(c.fault(when, c.text), "/first")
				r.Answer(plain("second"), "/second")
				req := &Request{Method: c.method, Head: headOf(c.method, "/first"), Timeout: await.Patience}
				if _, _, err := r.do(req); err != nil {
					t.Fatal(err)
				}
				if got := r.idle(); got != 1 {
					t.Fatalf("%d idle connections", got)
				}
				if close(when); c.text == "" {
					r.Disconnect()
				}
				r.awaitUnclean()
				r.expect(get("/second"), 200, "second")
				if got := r.connections(); got != 2 {
					t.Errorf("%d connections", got)
				}
			})
		})
	}
}

func TestABodyThatCannotBeIsNobodysAnswer(t *testing.T) {
	cases := map[string]struct {
		method string
		fault  legacy.Fault
	}{
		"after a HEAD":                 {"HEAD", legacy.UnwantedBody(0)},
		"after a 204":                  {"GET", legacy.UnwantedBody(204)},
		"after a 304":                  {"GET", legacy.UnwantedBody(304)},
		"beyond the Content-Length":    {"GET", legacy.LongBody([]byte(strayText))},
		"two answers in one segment":   {"GET", legacy.Glued(plain(strayBody))},
		"an answer glued to a 204":     {"GET", legacy.Raw([]byte("HTTP/1.1 204 No Content\r\n\r\n" + strayText))},
		"an answer glued to a trailer": {"GET", legacy.Raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n" + strayText))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, plain(strayText), func(t *testing.T, r *rig) {
				r.Break(c.fault, "/first")
				r.Answer(plain("second"), "/second")
				for range 10 {
					req := &Request{Method: c.method, Head: headOf(c.method, "/first"), Timeout: await.Patience}
					if _, _, err := r.do(req); err != nil {
						t.Fatal(err)
					}
					r.expect(get("/second"), 200, "second")
				}
			})
		})
	}
}

func TestAnUnasked101IsAnErrorAndEndsTheConnection(t *testing.T) {
	r := newRig(t, plain("second"))
	r.Break(func(x *legacy.Exchange) {
		_ = x.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + strayText))
	}, "/first")
	r.expectError(get("/first"), ErrMalformed)
	if got := r.idle(); got != 0 {
		t.Errorf("%d idle connections", got)
	}
	r.expect(get("/second"), 200, "second")
}

// TestACleanConnectionIsUsedAgain is the other side: what is
// in order is used again.
func TestACleanConnectionIsUsedAgain(t *testing.T) {
	answers := map[string]struct {
		method string
		answer legacy.Answer
	}{
		"sized":   {"GET", plain("hello")},
		"empty":   {"GET", plain("")},
		"chunked": {"GET", legacy.Answer{Body: []byte("hello"), Chunked: true, Trailer: http.Header{"X-Sum": {"1"}}}},
		"head":    {"HEAD", plain("")}, // one with a length may be followed by that body
		"204":     {"GET", legacy.Answer{Status: 204}},
		"304":     {"GET", legacy.Answer{Status: 304}},
	}
	for name, c := range answers {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, c.answer, func(t *testing.T, r *rig) {
				for range 5 {
					if _, _, err := r.do(&Request{Method: c.method, Head: headOf(c.method, "/"), Timeout: await.Patience}); err != nil {
						t.Fatal(err)
					}
				}
				if got := r.connections(); got != 1 {
					t.Errorf("%d connections for 5 requests", got)
				}
			})
		})
	}
}
