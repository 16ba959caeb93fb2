package proxy

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// oneAnswer is written in one piece, so that it comes as a whole if it is small.
func oneAnswer(head, body string) legacy.Fault {
	return func(x *legacy.Exchange) { _ = x.Write([]byte("HTTP/1.1 " + head + "\r\n\r\n" + body)) }
}

// TestWhatIsPassedQuicklyIsAnsweredAsAnything, whatever the origin says, and it is
// asked once. fasthttp has a request that comes in two parts.
func TestWhatIsPassedQuicklyIsAnsweredAsAnything(t *testing.T) {
	r := newRig(t, "mode: pass")
	c, n, quick := r.pipe(), r.counted(), int64(0)
	large := strings.Repeat("x", 3*maxWhole)
	for name, origin := range map[string]struct {
		fault legacy.Fault
		quick int
	}{
		"small":         {oneAnswer("200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Type: text/x\r\nContent-Length: 5\r\nX-odd_NAME: 1\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d", "hello"), 1},
		"empty":         {oneAnswer("200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 0\r\nServer: legacy/1", ""), 1},
		"hop by hop":    {oneAnswer("200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 1\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x", "x"), 1},
		"not modified":  {oneAnswer("304 Not Modified\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nETag: \"a\"\r\nContent-Length: 5", ""), 1},
		"no content":    {oneAnswer("204 No Content\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT", ""), 1},
		"an error":      {oneAnswer("503 Service Unavailable\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nRetry-After: 7\r\nContent-Length: 4", "busy"), 1},
		"an odd status": {oneAnswer("299 Whatever\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 1", "x"), 1},
		"reset content": {oneAnswer("205 Reset Content\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 0", ""), 0},
		"large":         {oneAnswer("200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 24576", large), 0},
		"in chunks":     {oneAnswer("200 OK\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\nTrailer: X-T", "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"), 0},
		"after another": {legacy.Informational(1, http.StatusEarlyHints), 2},
		"of no use":     {oneAnswer("200 OK\r\nContent-Length: +1", "x"), 0},
		"none":          {legacy.CloseBeforeHead(), 0},
		"cut": {func(x *legacy.Exchange) {
			_ = x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"))
			x.Close()
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r.get("/warm")
			quick++
			n.want("before", quick) // it is counted once it was answered
			r.origin.Break(origin.fault, "/a")
			asked := len(r.requestsTo("/a"))
			text := r.text("/a", browser...)
			var first, second reply
			switch name {
			case "cut":
				for i, parts := range [][]string{{text}, {text[:1], text[1:]}} {
					if got, err := r.pipe().try(parts...); err == nil {
						t.Errorf("%d: the client takes %q for all of it", i, got.body)
					}
				}
			case "after another":
				for range 2 {
					c.ask(text).want(t, http.StatusEarlyHints, "")
					if final, err := readReply(c.Reader, "GET"); err != nil || final.StatusCode != 200 {
						t.Errorf("%v, %v", final, err)
					}
				}
			default:
				first, second = c.ask(text), c.ask(text[:1], text[1:])
			}
			quick += int64(origin.quick)
			n.want(name, quick)
			if first.Response != nil && (first.StatusCode != second.StatusCode || first.body != second.body || !reflect.DeepEqual(first.Header, second.Header) ||
				!reflect.DeepEqual(first.Trailer, second.Trailer) || first.ContentLength != second.ContentLength) {
				t.Errorf("%d %v %.80q, and not %d %v %.80q", first.StatusCode, first.Header, first.body, second.StatusCode, second.Header, second.body)
			}
			if got, want := len(r.requestsTo("/a"))-asked, 2; got != want && name != "none" { // which is asked for again, once
				t.Errorf("the origin was asked %d times", got)
			}
			all := r.requestsTo("/a")
			if a, b := unnamed(string(all[len(all)-1].Head)), unnamed(string(all[len(all)-2].Head)); a != b {
				t.Errorf("it was asked\n%s\nand\n%s", a, b)
			}
		})
	}
	if s := r.stats(); s.ClientRequests.Pass == 0 {
		t.Errorf("account: %+v", s)
	}
}

// try is ask for an answer that may be none.
func (c client) try(parts ...string) (reply, error) {
	go func() { // ended by the last write, or with the pipe
		for _, part := range parts {
			_, _ = io.WriteString(c.Conn, part)
		}
	}()
	return readReply(c.Reader, "GET")
}

// TestAPassedRequestIsNotCutByAShutdown, although fasthttp has not seen it: its
// client gets the answer, small or large.
func TestAPassedRequestIsNotCutByAShutdown(t *testing.T) {
	for name, body := range map[string]string{"small": "hello", "large": strings.Repeat("x", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "mode: pass")
			r.body(body)
			arrived, release := make(chan struct{}), make(chan struct{})
			r.origin.Break(func(x *legacy.Exchange) {
				close(arrived)
				x.Wait(release)
				_ = x.Respond(x.Answer())
			}, "/a")
			c := r.pipe()
			answer := make(chan reply, 1)
			go func() {
				got, err := c.try(r.text("/a"))
				if err != nil {
					t.Error(err)
				}
				answer <- got
			}()
			<-arrived
			stopped := make(chan error, 1)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			go func() { stopped <- r.proxy.Shutdown(ctx) }()
			r.eventually("it stops", r.proxy.Draining)
			close(release)
			if got := <-answer; got.Response == nil || got.body != body {
				t.Errorf("%d bytes", len(got.body))
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		})
	}
}

// A GET that a field makes a write is one: it does not go the quick way, it is never
// sent twice, and what it may have changed is looked at.
func TestAnOverriddenMethodMakesAWrite(t *testing.T) {
	for _, lines := range [][]string{{"mode: pass"}, {"interval: 1h"}} {
		r := newRig(t, lines...)
		c, n := r.pipe(), r.counted()
		c.ask(r.text("/other", "Range", "bytes=0-")).want(t, 200, `{"v":1}`) // a connection that was used before
		r.origin.Break(legacy.CloseBeforeHead(), "/a")
		if got := c.ask(r.text("/a", "X-HTTP-Method-Override", "DELETE")); got.StatusCode != 502 {
			t.Errorf("%v: %d", lines, got.StatusCode)
		}
		if got := len(r.requestsTo("/a")); got != 1 {
			t.Errorf("%v: the origin was asked %d times", lines, got)
		}
		if lines[0] == "mode: pass" {
			n.want("the first", 1)
		}
	}
	r := newRig(t, "interval: 1h")
	r.get("/a").want(t, 200, `{"v":1}`)
	r.body(`{"v":2}`)
	r.get("/a", "X-HTTP-Method-Override", "PUT")
	r.get("/a").want(t, 200, `{"v":2}`)
}
