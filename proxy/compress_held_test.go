package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/legacy"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// listen opens a stream and returns its head, and what comes of it as it comes.
func (r *rig) listen(path string, fields ...string) *http.Response {
	r.t.Helper()
	c := r.dial()
	if _, err := io.WriteString(c, requestText("GET", path, r.addr, "", fields)); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp
}

// A client reads each event when it comes, and the stream to its end when the proxy
// stops: gzip's checksum is right for what this client heard.
func TestAnEventStreamIsCompressedIfItsRouteSaysSo(t *testing.T) {
	r := newRig(t, "interval: 10ms", "keepalive: 1s", "compress: {streams: true}")
	r.body(games(1))
	resp := r.listen("/scores", "Accept", "text/event-stream", "Accept-Encoding", "gzip, br")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Vary") != "Accept, Prefer, Accept-Encoding" {
		t.Fatalf("%v", resp.Header)
	}
	from, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	events := bufio.NewReader(from)
	for v := 1; v <= 3; v++ {
		r.body(games(v))
		for {
			line, err := events.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "data: ") && strings.Contains(line, fmt.Sprintf(`{"v":%d,`, v)) {
				break
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = r.proxy.Shutdown(ctx) }()
	rest, err := io.ReadAll(events)
	if err != nil || !strings.Contains(string(rest), "retry: ") {
		t.Errorf("at the end %q, %v", rest, err)
	}
	<-stopped
}

func TestStreamsGoAsTheyAreUnlessTheirRouteSaysSo(t *testing.T) {
	for name, test := range map[string]struct {
		lines  []string
		fields []string
		want   string
	}{
		"by default":         {nil, []string{"Accept", "text/event-stream"}, ""},
		"sse":                {[]string{"compress: {streams: true}"}, []string{"Accept", "text/event-stream"}, "zstd"},
		"ndjson":             {[]string{"compress: {streams: true}"}, []string{"Accept", "application/x-ndjson"}, "zstd"},
		"gzip first":         {[]string{"compress: {streams: true, codings: [br, gzip, zstd]}"}, []string{"Accept", "application/jsonl"}, "gzip"},
		"multipart":          {[]string{"compress: {streams: true}"}, []string{"Accept", "multipart/mixed"}, ""},
		"a user's":           {[]string{"compress: {streams: true}"}, []string{"Accept", "text/event-stream", "Authorization", "x"}, ""},
		"vouched for":        {[]string{"compress: {streams: true, private: true}"}, []string{"Accept", "text/event-stream", "Authorization", "x"}, "zstd"},
		"let in":             {[]string{"compress: {streams: true, private: true}", "share: authorize", "authorize: {path: /me}"}, []string{"Accept", "text/event-stream", "Authorization", "x"}, "zstd"},
		"no room, so a 'no'": {[]string{"compress: {streams: true}", "limits: {subscribers: 1}"}, []string{"Accept", "text/event-stream"}, ""},
	} {
		r := newRig(t, append(test.lines, "interval: 10ms")...)
		r.body(games(1))
		if strings.HasPrefix(name, "no room") {
			r.listen("/scores", "Accept", "text/event-stream")
			r.eventually("one is held", func() bool { return r.stats().Subscribers.SSE == 1 })
		}
		resp, err := r.head("/scores", append(test.fields, "Accept-Encoding", "gzip, deflate, br, zstd")...)
		if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != test.want || resp.Header.Get("Vary") != "Accept, Prefer, Accept-Encoding" {
			t.Errorf("%s: %v, want %q; %v", name, resp.Header, test.want, err)
		}
	}
}

// An EventSource that comes back says which version it has by an ID, which is the
// same whatever the coding.
func TestACompressedStreamResumesAnother(t *testing.T) {
	r := newRig(t, "interval: 10ms", "compress: {streams: true}", "keepalive: 1s")
	r.body(games(1))
	plain := bufio.NewReader(r.listen("/scores", "Accept", "text/event-stream").Body)
	id := ""
	for id == "" {
		line, err := plain.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		id, _ = strings.CutPrefix(strings.TrimSpace(line), "id: ")
		if !strings.HasPrefix(line, "id: ") {
			id = ""
		}
	}
	resp := r.listen("/scores", "Accept", "text/event-stream", "Accept-Encoding", "gzip", "Last-Event-ID", id)
	from, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.eventually("both are held", func() bool { return r.stats().Subscribers.SSE == 2 })
	r.body(games(2))
	for lines := bufio.NewReader(from); ; {
		line, err := lines.ReadString('\n')
		if err != nil || strings.Contains(line, `{"v":1,`) {
			t.Fatalf("heard %q, %v", line, err)
		}
		if strings.Contains(line, `{"v":2,`) {
			break
		}
	}
}

func TestASocketAgreesToDeflateOnlyIfItsRouteDoes(t *testing.T) {
	on := "websocket: {compress: true}"
	for name, test := range map[string]struct {
		line, offer string
		fields      []string
		want        bool
	}{
		"by default":       {"interval: 1h", "permessage-deflate", nil, false},
		"offered":          {on, "permessage-deflate", nil, true},
		"as browsers do":   {on, "permessage-deflate; client_max_window_bits", nil, true},
		"not offered":      {on, "", nil, false},
		"unknown":          {on, "permessage-deflate; bogus=1", nil, false},
		"a smaller window": {on, "permessage-deflate; server_max_window_bits=9", nil, false},
		"the second":       {on, "permessage-deflate; server_max_window_bits=9, permessage-deflate", nil, true},
		"a user":           {on, "permessage-deflate", []string{"Authorization", "x"}, false},
		"vouched for":      {"compress: {private: true}\n    " + on, "permessage-deflate", []string{"Authorization", "x"}, true},
	} {
		r := newRig(t, test.line)
		r.body(games(1))
		fields := append([]string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, test.fields...)
		if test.offer != "" {
			fields = append(fields, "Sec-WebSocket-Extensions", test.offer)
		}
		c := r.dial()
		if _, err := io.WriteString(c, requestText("GET", "/scores", r.addr, "", fields)); err != nil {
			t.Fatal(err)
		}
		br := bufio.NewReader(c)
		resp, err := http.ReadResponse(br, nil)
		if err != nil || resp.StatusCode != 101 {
			t.Fatalf("%s: %v, %v", name, resp, err)
		}
		first, err := br.ReadByte()
		if err != nil {
			t.Fatal(err)
		}
		got := resp.Header.Get("Sec-WebSocket-Extensions")
		if agreed := got == coding.Extension; agreed != test.want || !agreed && got != "" || (first&0x40 != 0) != test.want {
			t.Errorf("%s: agreed to %q, the first frame begins with %#x", name, got, first)
		}
	}
}

// What a client says compressed comes to the origin as it is, and no longer than it
// may be.
func TestADeflatedMessageIsPostedInflated(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 1h", "websocket: {compress: true, max_message: 64KiB, send: {method: POST, path: /say}}")
	posted := make(chan []byte, 4)
	r.origin.AnswerFunc(func(x *legacy.Request) legacy.Answer {
		if x.Method == "POST" {
			posted <- bytes.Clone(x.Body)
		}
		return legacy.Answer{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"v":1}`)}
	})
	dialer := websocket.Dialer{EnableCompression: true}
	dial := func() *websocket.Conn {
		ws, resp, err := dialer.Dial("ws://"+r.addr+"/scores", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Sec-WebSocket-Extensions") == "" {
			t.Fatalf("%v", resp.Header)
		}
		t.Cleanup(func() { _ = ws.Close() })
		return ws
	}
	ws := dial()
	say := strings.Repeat("hello, ", 9000)
	if err := ws.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
		t.Fatal(err)
	}
	if got := <-posted; string(got) != say {
		t.Errorf("%d bytes came to the origin", len(got))
	}
	if err := ws.WriteMessage(websocket.TextMessage, make([]byte, 40<<20)); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
			t.Errorf("the bomb: %v", err)
		}
		break
	}
	if len(posted) > 0 {
		t.Errorf("%d bytes of it came to the origin", binary.Size(<-posted))
	}
}
