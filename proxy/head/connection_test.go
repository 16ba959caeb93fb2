package head_test

import (
	"testing"

	"github.com/pollmux/pollmux/proxy/head"
)

// H-13.
func TestConnectionNamesWhatIsForThisHop(t *testing.T) {
	for _, test := range []struct {
		lines     []string
		close     bool
		nominated []string
	}{
		{nil, false, nil},
		{[]string{"Connection: close"}, true, nil},
		{[]string{"Connection: CLOSE"}, true, nil},
		{[]string{"Connection: keep-alive"}, false, nil},
		{[]string{"Connection: keep-alive, close"}, true, nil},
		{[]string{"Connection: close, keep-alive"}, true, nil},
		{[]string{"Connection: close", "Connection: keep-alive"}, true, nil},
		{[]string{"Connection: X-A, close"}, true, []string{"X-A"}},
		{[]string{"Connection: X-A", "connection: x-b ,, ,X-C"}, false, []string{"x-a", "X-B", "x-c"}},
		{[]string{"Connection: close, X-Forwarded-For, Authorization, Cookie"}, true, []string{"X-Forwarded-For", "Authorization", "Cookie"}},
		{[]string{"Connection: TE, Trailer, Keep-Alive, Proxy-Authorization, HTTP2-Settings"}, false, nil},
		{[]string{"Connection:"}, false, nil},
		{[]string{"Connection: ,"}, false, nil},
		{[]string{"Connection: \"close\""}, false, []string{"\"close\""}},
		{[]string{"Connection: closed"}, false, []string{"closed"}},
		{[]string{"Proxy-Connection: close"}, false, nil},
	} {
		h := mustParse(t, get(test.lines...))
		if h.Close != test.close || h.Nominates() != (test.nominated != nil) {
			t.Errorf("%q: close %v, nominates %v", test.lines, h.Close, h.Nominates())
		}
		for _, name := range test.nominated {
			if !h.Nominated([]byte(name)) {
				t.Errorf("%q: %s is not nominated", test.lines, name)
			}
		}
		for _, name := range []string{"", "Host", "X-D", "close", "keep-alive", "upgrade", "X_A"} {
			if h.Nominated([]byte(name)) {
				t.Errorf("%q: %s is nominated", test.lines, name)
			}
		}
	}
}

func TestConnectionMayNotNameWhatFramesTheRequest(t *testing.T) {
	var vectors []vector
	for _, name := range []string{
		"Host", "host", "Content-Length", "CONTENT-LENGTH", "Content_Length", "Transfer-Encoding", "transfer_encoding", "X-A,Host", "close,\tcontent-length ,",
	} {
		vectors = append(vectors, vector{name, post("abcd"+smuggled, "Content-Length: 4", "Connection: "+name), "400"})
	}
	vectors = append(vectors, vector{"on another line", post("abcd"+smuggled, "Connection: close", "Content-Length: 4", "Connection: Host"), "400"})
	run(t, vectors)
}

func TestAnHTTP10ConnectionClosesUnlessItIsKeptAlive(t *testing.T) {
	for lines, want := range map[string]bool{
		"": true, "Connection: keep-alive\r\n": false, "Connection: Keep-Alive\r\n": false, "Connection: keep-alive, close\r\n": true,
		"Connection: upgrade\r\n": true, "Keep-Alive: timeout=5\r\n": true, "Proxy-Connection: keep-alive\r\n": true,
	} {
		if h := mustParse(t, "GET /x HTTP/1.0\r\n"+lines+"\r\n"); h.Close != want {
			t.Errorf("%q: %v", lines, h.Close)
		}
	}
}

// H-14: h2c would open a tunnel round everything here.
func TestOnlyAWebSocketIsAnUpgrade(t *testing.T) {
	for _, test := range []struct {
		lines              []string
		upgrade, webSocket bool
	}{
		{[]string{"Connection: Upgrade", "Upgrade: websocket"}, true, true},
		{[]string{"Connection: keep-alive, upgrade", "Upgrade: WebSocket"}, true, true},
		{[]string{"connection: UPGRADE", "upgrade: \twebsocket "}, true, true},
		{[]string{"Connection: Upgrade", "Upgrade: h2c"}, true, false},
		{[]string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: h2c, websocket"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: websocket, h2c"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: websocket"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: websocket/13"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade: TLS/1.0"}, true, false},
		{[]string{"Connection: Upgrade", "Upgrade:"}, true, false},
		{[]string{"Connection: Upgrade"}, true, false},
		{[]string{"Upgrade: websocket"}, false, false},
		{[]string{"Connection: Upgrades", "Upgrade: websocket"}, false, false},
		{[]string{"Proxy-Connection: Upgrade", "Upgrade: websocket"}, false, false},
	} {
		h := mustParse(t, get(test.lines...))
		if h.Upgrade != test.upgrade || h.IsWebSocket() != test.webSocket {
			t.Errorf("%q: upgrade %v, WebSocket %v", test.lines, h.Upgrade, h.IsWebSocket())
		}
	}
	if h := mustParse(t, "GET /x HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"); h.Upgrade || h.IsWebSocket() {
		t.Error("HTTP/1.0 is upgraded")
	}
}

func TestMethodsAreWhatTheyAreCalled(t *testing.T) {
	for method, want := range map[string][3]bool{
		"GET": {true, false, true}, "HEAD": {false, true, true}, "OPTIONS": {false, false, true}, "POST": {}, "PUT": {}, "get": {}, "Get": {}, "QUERY": {},
	} {
		h := mustParse(t, line(method+" /x HTTP/1.1"))
		if got := [3]bool{h.IsGet(), h.IsHead(), h.IsSafe()}; got != want {
			t.Errorf("%s: %v", method, got)
		}
	}
	if h := (&head.Head{Method: []byte("TRACE")}); !h.IsSafe() {
		t.Error("TRACE is safe, if it is served")
	}
}
