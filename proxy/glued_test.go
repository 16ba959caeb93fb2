package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/pollmux/pollmux/testdata/legacy"
)

// handshakeText is a handshake, and its answer's Sec-WebSocket-Accept (RFC 6455
// section 1.3).
const (
	handshakeText   = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	handshakeAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// What comes behind a handshake is not looked at as HTTP, though it may look
// like a line that ends badly.
func TestFramesGluedToAHandshakeArrive(t *testing.T) {
	const ping = "\x89\x84\x00\x00\x00\x00\n\r\n\n"
	r := newRig(t)
	c := r.dial()
	_, _ = io.WriteString(c, handshakeText+ping)
	br := bufio.NewReader(c)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	got := make([]byte, 6)
	for string(got) != "\x8a\x04\n\r\n\n" { // behind the snapshot
		copy(got, got[1:])
		var err error
		if got[5], err = br.ReadByte(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBytesGluedToAHandshakeGoThroughATunnel(t *testing.T) {
	const glued, later = "\n\x00\r\n\n\r", "GET /\n\n"
	r := newRig(t, "mode: pass")
	r.origin.Break(func(x *legacy.Exchange) {
		_ = x.Receive()
		_ = x.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + handshakeAccept + "\r\n\r\n"))
		_, br := x.Conn()
		got := make([]byte, len(glued+later))
		n, _ := io.ReadFull(br, got)
		_ = x.Write(fmt.Appendf(nil, "%q", got[:n]))
		x.Close()
	})
	c := r.dial()
	_, _ = io.WriteString(c, handshakeText+glued)
	br := bufio.NewReader(c)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	_, _ = io.WriteString(c, later)
	if got, err := io.ReadAll(br); string(got) != fmt.Sprintf("%q", glued+later) || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// A refused handshake is a request like any other, and what is behind it is one,
// or is none.
func TestARequestGluedToARefusedHandshakeIsServed(t *testing.T) {
	for behind, want := range map[string]int{smuggledGet: 200, "GET /x HTTP/1.1\nHost: x\r\n\r\n": 400} {
		r := newRig(t, "mode: pass")
		r.origin.Answer(legacy.Answer{Status: 403}, "/chat")
		c := r.dial()
		_, _ = io.WriteString(c, handshakeText+behind)
		br := bufio.NewReader(c)
		for _, status := range []int{403, want} {
			if a, err := readReply(br, "GET"); err != nil || a.StatusCode != status {
				t.Fatalf("%v, %v, want %d", a.Response, err, status)
			}
		}
	}
}
