package proxy

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

// socket opens a WebSocket.
func (r *rig) socket(path string, fields ...string) *websocket.Conn {
	r.t.Helper()
	ws, _, err := r.handshake(path, fields...)
	if err != nil {
		r.t.Fatal(err)
	}
	return ws
}

func (r *rig) handshake(path string, fields ...string) (*websocket.Conn, *http.Response, error) {
	header := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		header.Add(fields[i], fields[i+1])
	}
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return r.connect() }}
	ws, resp, err := dialer.Dial("ws://"+r.addr+path, header)
	if err == nil {
		_ = ws.SetReadDeadline(time.Now().Add(await.Patience))
		r.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, resp, err
}

func wantMessage(t *testing.T, ws *websocket.Conn, kind int, want string) {
	t.Helper()
	got, data, err := ws.ReadMessage()
	if err != nil || got != kind || string(data) != want {
		t.Fatalf("got %d %q, %v; want %d %q", got, data, err, kind, want)
	}
}

func wantClose(t *testing.T, ws *websocket.Conn, code int) {
	t.Helper()
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			t.Fatalf("got %v, want close %d", err, code)
		}
		_ = ws.Close() // the proxy waits for that
		return
	}
}

func TestAWebSocketDeliversBareSnapshots(t *testing.T) {
	r := newRig(t, "interval: 10ms")
	ws := r.socket("/scores")
	wantMessage(t, ws, websocket.TextMessage, `{"v":1}`)
	r.body(`{"v":2}`)
	wantMessage(t, ws, websocket.TextMessage, `{"v":2}`)
	r.origin.Answer(legacy.Answer{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte("\x89PNG")})
	wantMessage(t, ws, websocket.BinaryMessage, "\x89PNG")
	_ = ws.NetConn().Close()
	r.eventually("it is gone", func() bool { return r.stats().Subscribers.WebSocket == 0 })
}

func TestALargeSnapshotIsOneMessage(t *testing.T) {
	r := newRig(t, "interval: 1h")
	for _, size := range []int{125, 126, 65535, 65536, 3 << 20} {
		body := `"` + strings.Repeat("x", size-2) + `"`
		r.body(body)
		ws := r.socket("/" + strings.Repeat("p", size%7+1))
		wantMessage(t, ws, websocket.TextMessage, body)
	}
}

func TestAMessageWithoutAnybodyToTakeItCloses1003(t *testing.T) {
	r := newRig(t, "interval: 1h")
	ws := r.socket("/scores")
	if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	wantClose(t, ws, websocket.CloseUnsupportedData)
	r.eventually("it is gone", func() bool { return r.stats().Subscribers.WebSocket == 0 })
}

func TestATextMessageThatIsNotUTF8Closes1007(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {send: {path: /messages}}")
	ws := r.socket("/scores")
	if err := ws.WriteMessage(websocket.TextMessage, []byte("\xff\xfe")); err != nil {
		t.Fatal(err)
	}
	wantClose(t, ws, websocket.CloseInvalidFramePayloadData)
}

func TestATooLargeMessageCloses1009(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {max_message: 1KiB, send: {path: /messages}}")
	ws := r.socket("/scores")
	if err := ws.WriteMessage(websocket.TextMessage, make([]byte, 1025)); err != nil {
		t.Fatal(err)
	}
	wantClose(t, ws, websocket.CloseMessageTooBig)
}

func TestAMessageBecomesARequestAndItsEffectComesBack(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {send: {method: PUT, path: /scores}}")
	r.origin.AnswerFunc(legacy.FromHandler(newNotebook()))
	ws := r.socket("/scores", "Authorization", "Bearer secret")
	wantMessage(t, ws, websocket.TextMessage, `""`)
	for _, text := range []string{`"one"`, `"two"`, `"three"`} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
		wantMessage(t, ws, websocket.TextMessage, text)
	}
	for _, request := range r.origin.Requests() {
		if request.Method == "PUT" && request.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("a write without the handshake's credentials:\n%s", request.Head)
		}
		if request.Method == "PUT" && (request.Header.Get("Content-Type") != "application/json" || request.Header.Get("Sec-Websocket-Key") != "") {
			t.Errorf("the write's head:\n%s", request.Head)
		}
	}
}

func TestARefusedMessageClosesTheSocketAndSaysWhy(t *testing.T) {
	for status, code := range map[int]int{422: websocket.ClosePolicyViolation, 500: websocket.CloseInternalServerErr} {
		r := newRig(t, "interval: 1h", "websocket: {send: {path: /messages}}")
		r.origin.Answer(legacy.Answer{Status: status}, "/messages")
		ws := r.socket("/scores")
		if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		wantClose(t, ws, code)
		if n := len(r.requestsTo("/messages")); n != 1 {
			t.Errorf("%d: sent %d times", status, n)
		}
	}
}

func TestPingsKeepASocketAliveAndASilentPeerIsDropped(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {ping: 1s}")
	ws := r.socket("/scores")
	pinged := make(chan struct{}, 10)
	ws.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil }) // and no pong
	go func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	<-pinged
	r.eventually("the silent peer is gone", func() bool { return r.stats().Subscribers.WebSocket == 0 })
}

// Its writes have effects that are told the client, which is there no more: what that
// does to the connection loses none of the others.
func TestAllMessagesOfAClientThatIsGoneAreSent(t *testing.T) {
	r := newRig(t, "interval: 1h", "websocket: {send: {method: PUT, path: /scores}}")
	notes := newNotebook()
	r.origin.AnswerFunc(legacy.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == "PUT" {
			time.Sleep(10 * time.Millisecond)
		}
		notes.ServeHTTP(w, req)
	})))
	ws := r.socket("/scores")
	wantMessage(t, ws, websocket.TextMessage, `""`)
	const all = 20
	for n := range all {
		if err := ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	_ = ws.Close() // without a word
	var sent []string
	r.eventually("all were sent", func() bool {
		sent = sent[:0]
		for _, request := range r.requestsTo("/scores") {
			if request.Method == "PUT" {
				sent = append(sent, string(request.Body))
			}
		}
		return len(sent) >= all
	})
	for n, body := range sent {
		if body != fmt.Sprint(n) {
			t.Fatalf("sent %q", sent)
		}
	}
	r.eventually("it is gone", func() bool { return r.stats().Subscribers.WebSocket == 0 })
}
