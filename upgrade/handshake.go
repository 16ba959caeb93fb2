package upgrade

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
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

// AcceptKey is what a server that has understood a handshake says of its key (RFC
// 6455 section 4.2.2).
func AcceptKey(key []byte) string {
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// appendSwitch writes the answer to a valid handshake. No subprotocol is spoken. If
// an extension is, that is one of the fields.
func appendSwitch(b []byte, key string, fields []Field) []byte {
	b = appendStatus(b, http.StatusSwitchingProtocols)
	b = appendField(b, "Upgrade", "websocket")
	b = appendField(b, "Connection", "Upgrade")
	b = appendField(b, "Sec-WebSocket-Accept", AcceptKey([]byte(key)))
	for _, f := range fields {
		b = appendField(b, f.Name, f.Value)
	}
	return append(b, "\r\n"...)
}
