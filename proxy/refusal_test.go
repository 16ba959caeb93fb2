package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// Beyond the limit on feeds nobody can be held: each is told in its way.
func TestBeyondTheLimitOnFeedsNobodyIsHeld(t *testing.T) {
	r := newRig(t, "limits: {feeds: 1}", "interval: 1h")
	r.stream("/held", "text/event-stream").event()
	for accept, fields := range map[string][]string{"application/x-ndjson": nil, "multipart/mixed": nil, "*/*": {"Prefer", "wait=5", "If-None-Match", `"x"`}} {
		a := r.get("/more", append(fields, "Accept", accept)...)
		if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", accept, a.StatusCode, a.Header)
		}
	}
	_, resp, err := r.handshake("/more")
	if err == nil || resp.StatusCode != 503 {
		t.Errorf("a WebSocket: %v, %v", resp, err)
	}
	s := r.stream("/more", "text/event-stream")
	text, err := io.ReadAll(s.body)
	if err != nil || s.resp.StatusCode != 200 || s.resp.Header.Get("Content-Type") != "text/event-stream" || !strings.HasPrefix(string(text), "retry: ") {
		t.Errorf("an EventSource: %v %q, %v", s.resp, text, err)
	}
	if n := r.polls(); n != 1 {
		t.Errorf("the origin got %d requests", n)
	}
}

// An origin that has its own WebSocket where a GET finds nothing gets each
// handshake, and nothing else.
func TestAHandshakeWhereThereIsNoSnapshotCostsOneRequest(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	r.origin.Answer(legacy.Answer{Status: 404})
	for range 10 {
		if _, resp, err := r.handshake("/ws"); err == nil || resp.StatusCode != 404 {
			t.Fatalf("%v, %v", resp, err)
		}
	}
	if n := r.polls(); n != 11 { // and one poll found out
		t.Errorf("the origin got %d requests", n)
	}
	// Once there is one, a write tells.
	r.body(`{"v":1}`)
	r.do("PUT", "/ws", "x")
	wantMessage(t, r.socket("/ws"), websocket.TextMessage, `{"v":1}`)
}

func TestAHEADIsRefusedLikeItsGET(t *testing.T) {
	r := newRig(t, "serve: [longpoll, websocket]")
	for _, method := range []string{"GET", "HEAD"} {
		if a := r.do(method, "/x", ""); a.StatusCode != 406 {
			t.Errorf("%s: %d", method, a.StatusCode)
		}
	}
}

func TestALongPollThatEndsWhileTheOriginFailsSaysSo(t *testing.T) {
	r := newRig(t, "interval: 20ms")
	etag := r.get("/x").Header.Get("ETag")
	s := r.stream("/x", "text/event-stream")
	s.event()
	r.origin.Break(legacy.Status(503))
	s.event() // status: stale
	a := r.get("/x", "Prefer", "wait=1", "If-None-Match", etag)
	if got := a.Header.Get("Cache-Status"); a.StatusCode != 304 || got != "pollmux; hit; detail=stale-if-error" {
		t.Errorf("%d %q", a.StatusCode, got)
	}
}

// Where a poll would be refused a stream begins, because an EventSource gives up
// on anything else, but without what was true long ago.
func TestAStreamDoesNotBeginWithWhatAPollIsRefused(t *testing.T) {
	for name, outdate := range map[string]func(*rig){
		"a write":        func(r *rig) { r.do("PUT", "/x", "x") },
		"stale_if_error": func(*rig) {},
	} {
		t.Run(name, func(t *testing.T) {
			stale := "stale_if_error: 1h"
			if name == "stale_if_error" {
				stale = "stale_if_error: 0s"
			}
			r := newRig(t, "interval: 50ms", stale)
			r.get("/x").want(t, 200, `{"v":1}`)
			outdate(r)
			r.origin.Break(legacy.Status(503), "/x")
			r.eventually("polls are refused", func() bool { return r.get("/x").StatusCode == http.StatusBadGateway })
			s := r.stream("/x", "text/event-stream")
			if got := s.event(); !strings.HasPrefix(got, "event: status\ndata: {\"state\":\"stale\"") {
				t.Fatalf("got %q", got)
			}
			r.origin.Break(nil, "/x")
			if got := s.event(); got != `data: {"v":1}` {
				t.Fatalf("after recovery, with the same answer: %q", got)
			}
		})
	}
}
