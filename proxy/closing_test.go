package proxy

import (
	"io"
	"strings"
	"testing"
)

// RFC 9112 section 9.6: whoever asks for the connection to be closed waits for
// that, whatever the answer is.
func TestARefusalClosesTheConnectionOfAClientThatWantsItClosed(t *testing.T) {
	for name, lines := range map[string]string{
		"a handshake that is none": "Connection: close\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
		"one line":                 "Connection: close\r\nAccept: text/event-stream\r\n",
		"two lines":                "Connection: close\r\nConnection: TE\r\nAccept: text/event-stream\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "serve: [poll, websocket]")
			c := r.dial()
			if _, err := io.WriteString(c, "GET /x HTTP/1.1\r\nHost: a\r\n"+lines+"\r\n"); err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(c)
			if text := string(all); err != nil || !strings.Contains(text, "\r\nConnection: close\r\n") || !strings.HasPrefix(text, "HTTP/1.1 40") {
				t.Errorf("%q, %v", all, err)
			}
		})
	}
}
