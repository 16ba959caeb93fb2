package upgrade

import (
	"bufio"
	"encoding/base64"
	"net"
	"net/http"

	"github.com/fasthttp/websocket"
)

// ValidHandshake checks what RFC 6455 section 4.2.1 asks of a client beyond
// "Upgrade: websocket". It returns the status and text of the refusal; 0 if
// there is none.
func ValidHandshake(keys, versions [][]byte, hasBody, closing bool) (status int, text string) {
	switch {
	case hasBody:
		return http.StatusBadRequest, "a WebSocket handshake with a body"
	case closing:
		return http.StatusBadRequest, "a WebSocket handshake with Connection: close"
	case len(versions) != 1 || string(versions[0]) != "13":
		return http.StatusUpgradeRequired, "only version 13 of the WebSocket protocol is spoken here"
	case len(keys) != 1 || !isKey(keys[0]):
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64, once"
	}
	return 0, ""
}

func isKey(key []byte) bool {
	var nonce [18]byte
	n, err := base64.StdEncoding.Strict().Decode(nonce[:], key[:min(len(key), 24)])
	return len(key) == 24 && err == nil && n == 16
}

// accept lets the library answer. It knows net/http's way to take over a
// connection, so that is what it is shown.
func accept(c net.Conn, key string, fields []Field) (*websocket.Conn, error) {
	request := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {key},
	}}
	header := http.Header{}
	for _, f := range fields {
		header.Add(f.Name, f.Value)
	}
	upgrader := websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 256, // it writes control frames only
		CheckOrigin: func(*http.Request) bool { return true }, // the proxy has checked
	}
	return upgrader.Upgrade(hijacked{conn: c}, request, header)
}

// hijacked is a net/http response whose connection can be taken over.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker. What was read ahead is within the
// connection.
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(h.conn, 16)), nil
}
