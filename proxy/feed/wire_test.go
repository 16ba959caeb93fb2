package feed

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
)

// wire is the real client of a server on the loopback: only its responses can be
// kept. The server is outside of the bubble, so for the bubble's clock it
// answers at once.
type wire struct {
	listener net.Listener
	client   *origin.Client
	latency  time.Duration // in the bubble's time

	mu       sync.Mutex
	answer   string // bytes of each answer
	requests int
	conns    sync.WaitGroup
}

// inBubbleOnWire is inBubble with real responses. When it ends, no connection
// may be left.
func inBubbleOnWire(t *testing.T, story func(t *testing.T, r *rig, w *wire)) {
	t.Helper()
	eachBudget(t, func(t *testing.T, perSecond float64) { inBubbleOnWireOf(t, perSecond, story) })
}

func inBubbleOnWireOf(t *testing.T, perSecond float64, story func(t *testing.T, r *rig, w *wire)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l}
	w.conns.Go(w.serve)
	synctest.Test(t, func(t *testing.T) {
		w.client = origin.NewClient(&url.URL{Scheme: "http", Host: l.Addr().String()}, nil)
		t.Cleanup(w.client.Close)
		r := newRig(t, Limits{})
		r.other = w
		r.budget(perSecond)
		t.Cleanup(r.close)
		story(t, r, w)
	})
	_ = l.Close()
	w.conns.Wait() // a response that was not closed hangs here
}

// Do implements Origin.
func (w *wire) Do(ctx context.Context, req *origin.Request) (*origin.Response, error) {
	if w.latency > 0 && !pause(ctx, w.latency) {
		return nil, interrupted(ctx)
	}
	return w.client.Do(ctx, req)
}

func (w *wire) serve() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.conns.Go(func() { w.talk(c) })
	}
}

// talk answers requests until the client closes.
func (w *wire) talk(c net.Conn) {
	defer c.Close()
	br := bufio.NewReader(c)
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		if line != "\r\n" {
			continue
		}
		w.mu.Lock()
		w.requests++
		answer := w.answer
		w.mu.Unlock()
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// says sets the answer; a negative length leaves the body open.
func (w *wire) says(status int, body string, length int, fields ...string) {
	text := "HTTP/1.1 " + strconv.Itoa(status) + " X\r\n"
	for i := 0; i < len(fields); i += 2 {
		text += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	switch {
	case length >= 0:
		text += "Content-Length: " + strconv.Itoa(length) + "\r\n\r\n" + body
	default:
		text += "Transfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = text
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// wantKept reads a kept response to its end.
func wantKept(t *testing.T, a Answer, status int, body string) {
	t.Helper()
	if a.Kept == nil {
		t.Fatalf("not kept: %+v", a)
	}
	defer a.Discard()
	got := make([]byte, len(body))
	if _, err := io.ReadFull(a.Kept, got); err != nil || string(got) != body || a.Kept.Status != status {
		t.Errorf("kept %d %.50q, %v; want %d %.50q", a.Kept.Status, got, err, status, body)
	}
	if !a.Caused {
		t.Error("it is not said to have caused the poll")
	}
}
