package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// opening sends the raw head of a handshake, and what is glued to it, and returns
// the head of the answer.
func (r *rig) opening(first, fields, glued string) *http.Response {
	r.t.Helper()
	c := r.dial()
	if _, err := io.WriteString(c, first+"\r\nHost: "+r.addr+"\r\n"+fields+"\r\n"+glued); err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatalf("%s: %v", fields, err)
	}
	return resp
}

// RFC 6455 section 4.2.1, as raw handshakes. What does not ask for a WebSocket is
// a poll (RFC 9110 section 7.8: Upgrade may be ignored).
func TestHandshakesAreWhatRFC6455AsksOf(t *testing.T) {
	r := newRig(t, "interval: 1h")
	const get = "GET /scores HTTP/1.1"
	const version, key = "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: " + sampleKey + "\r\n"
	const connection, upgrade = "Connection: Upgrade\r\n", "Upgrade: websocket\r\n"
	for _, test := range []struct {
		name, first, fields, glued string
		status                     int
	}{
		{"good", get, connection + upgrade + version + key, "", 101},
		{"names and values in other cases", get, "connection: UPGRADE\r\nUPGRADE: WebSocket\r\nsec-websocket-VERSION: 13\r\nsec-websocket-key: " + sampleKey + "\r\n", "", 101},
		{"Connection with more", get, "Connection: keep-alive, Upgrade\r\n" + upgrade + version + key, "", 101},
		{"Connection in two lines", get, "Connection: keep-alive\r\n" + connection + upgrade + version + key, "", 101},
		{"a frame glued to it", get, connection + upgrade + version + key, "\x89\x80\x00\x00\x00\x00", 101},
		{"blanks round the key", get, connection + upgrade + version + "Sec-WebSocket-Key: \t" + sampleKey + " \r\n", "", 101},
		{"an extension", get, connection + upgrade + version + key + "Sec-WebSocket-Extensions: permessage-deflate\r\n", "", 101},
		{"no version", get, connection + upgrade + key, "", 426},
		{"version 8", get, connection + upgrade + key + "Sec-WebSocket-Version: 8\r\n", "", 426},
		{"version 0", get, connection + upgrade + key + "Sec-WebSocket-Version: 0\r\n", "", 426},
		{"versions 13, 8", get, connection + upgrade + key + "Sec-WebSocket-Version: 13, 8\r\n", "", 426},
		{"two versions", get, connection + upgrade + key + version + version, "", 426},
		{"version 013", get, connection + upgrade + key + "Sec-WebSocket-Version: 013\r\n", "", 426},
		{"no key", get, connection + upgrade + version, "", 400},
		{"a short key", get, connection + upgrade + version + "Sec-WebSocket-Key: abc\r\n", "", 400},
		{"a key of 15 bytes", get, connection + upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", "", 400},
		{"two keys", get, connection + upgrade + version + key + key, "", 400},
		{"two keys in a line", get, connection + upgrade + version + "Sec-WebSocket-Key: " + sampleKey + ", " + sampleKey + "\r\n", "", 400},
		{"a body", get, connection + upgrade + version + key + "Content-Length: 2\r\n", "hi", 200},
		{"a chunked body", get, connection + upgrade + version + key + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 200},
		{"the last request", get, "Connection: Upgrade, close\r\n" + upgrade + version + key, "", 400},
		{"without Connection", get, upgrade + version + key, "", 200},
		{"without Upgrade", get, connection + version + key, "", 200},
		{"h2c", get, connection + "Upgrade: h2c\r\n" + version + key, "", 200},
		{"h2c or a WebSocket", get, connection + "Upgrade: h2c, websocket\r\n" + version + key, "", 200},
		{"Upgrade twice", get, connection + upgrade + upgrade + version + key, "", 200},
		{"HTTP/1.0", "GET /scores HTTP/1.0", connection + upgrade + version + key, "", 200},
		{"POST", "POST /scores HTTP/1.1", connection + upgrade + version + key + "Content-Length: 0\r\n", "", 200},
	} {
		a := r.opening(test.first, test.fields, test.glued)
		if a.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", test.name, a.StatusCode, test.status)
		}
		switch test.status {
		case 101:
			if a.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" || a.Header.Get("Sec-WebSocket-Extensions") != "" || a.Header.Get("Sec-WebSocket-Protocol") != "" {
				t.Errorf("%s: %v", test.name, a.Header)
			}
		case 426: // section 4.4
			if a.Header.Get("Sec-WebSocket-Version") != "13" || a.Header.Get("Upgrade") != "websocket" {
				t.Errorf("%s: %v", test.name, a.Header)
			}
		}
	}
	for _, request := range r.origin.Requests() {
		if request.Header.Get("Upgrade") != "" {
			t.Errorf("the origin was asked to upgrade:\n%s", request.Head)
		}
	}
}

func TestOriginsThatMayOpenAWebSocket(t *testing.T) {
	plainOnly(t)
	r := newRig(t, "interval: 1h", `websocket: {origins: ["https://app.example.com", "http://other.example:8080"]}`)
	host, port, _ := strings.Cut(r.addr, ":")
	for _, test := range []struct {
		origin string // "-": none
		may    bool
	}{
		{"http://" + r.addr, true},
		{"HTTP://" + r.addr, true},
		{"https://app.example.com", true},
		{"http://other.example:8080", true},
		{"https://" + r.addr, false},
		{"http://" + host, false},
		{"http://" + host + ":1", false},
		{"http://app.example.com", false},
		{"https://app.example.com:444", false},
		{"https://evil.example", false},
		{"https://evil-app.example.com", false},
		{"https://app.example.com.evil.example", false},
		{"https://app.example.com/", false},
		{"http://" + r.addr + "@evil.example", false},
		{"null", false},
		{"", false},
		{host + ":" + port, false},
		{"http://" + r.addr + " https://evil.example", false},
		{"http://" + r.addr + "\r\nOrigin: https://evil.example", false},
		{"http://" + r.addr + "\r\nOrigin: http://" + r.addr, false},
	} {
		for _, cookie := range []string{"", "Cookie: sid=1\r\n", "Authorization: Basic eDp5\r\n"} {
			a := r.opening("GET /scores HTTP/1.1", askingSample+cookie+"Origin: "+test.origin+"\r\n", "")
			if want := map[bool]int{true: 101, false: 403}[test.may]; a.StatusCode != want {
				t.Errorf("%q %q: %d", test.origin, cookie, a.StatusCode)
			}
		}
	}
	if n := len(r.origin.Requests()); n > 3 {
		t.Errorf("%d requests for those who were let in as three identities", n)
	}
}

func TestWhoBringsCookiesSaysItsOrigin(t *testing.T) {
	for allowed, status := range map[bool]int{false: 403, true: 101} {
		r := newRig(t, "interval: 1h", fmt.Sprintf("websocket: {allow_no_origin: %v}", allowed))
		for _, test := range []struct {
			fields []string
			status int
		}{{nil, 101}, {[]string{"Authorization", "Bearer x"}, 101}, {[]string{"Cookie", "sid=1"}, status}, {[]string{"Cookie", ""}, status}} {
			fields := append([]string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", sampleKey}, test.fields...)
			if a, err := r.head("/scores", fields...); err != nil || a.StatusCode != test.status {
				t.Errorf("allowed %v, %q: %v, %v, want %d", allowed, test.fields, a, err, test.status)
			}
		}
	}
}
