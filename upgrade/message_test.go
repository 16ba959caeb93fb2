package upgrade_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pollmux/pollmux/upgrade"
)

// frame is one frame of a WebSocket, unmasked.
type frame struct {
	final   bool
	op      byte
	payload []byte
}

const (
	opText, opBinary = 1, 2

	opClose, opPing, opPong = 8, 9, 10
)

// cutFrame reads a server's frame (RFC 6455 section 5.2), with nothing of ours.
// ok is false if it is not all there, or not as the RFC wants it.
func cutFrame(b []byte) (f frame, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x70 != 0 || b[1]&0x80 != 0 {
		return f, nil, false
	}
	f.final, f.op = b[0]&0x80 != 0, b[0]&0x0f
	size, least := uint64(b[1]), uint64(0)
	b = b[2:]
	switch {
	case size == 126 && len(b) >= 2:
		size, least, b = uint64(binary.BigEndian.Uint16(b)), 126, b[2:]
	case size == 127 && len(b) >= 8:
		size, least, b = binary.BigEndian.Uint64(b), 1<<16, b[8:]
	case size >= 126:
		return f, nil, false
	}
	if size < least || size > uint64(len(b)) || f.op >= opClose && (size > 125 || !f.final) {
		return f, nil, false
	}
	f.payload = b[:size]
	return f, b[size:], true
}

func TestAMessageIsOneFrameOfAnyLength(t *testing.T) {
	for _, size := range []int{0, 1, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 1 << 20} {
		body := strings.Repeat("x", size)
		message, err := updateOf("text/plain", body).Encoded(websocket, false)
		f, rest, ok := cutFrame(message)
		if err != nil || !ok || !f.final || f.op != opText || string(f.payload) != body || len(rest) != 0 {
			t.Errorf("%d: %v %v, op %d of %d bytes and %d more", size, err, ok, f.op, len(f.payload), len(rest))
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("application/json", []byte(`{"v":1}`))
	f.Add("text/plain; charset=latin1", []byte("h\xe9"))
	f.Add("image/png", []byte("\x89PNG"))
	f.Add("text/plain", []byte(strings.Repeat("x", 126)))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		u := updateOf(kind, string(body))
		message, err := u.Encoded(websocket, false)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, ok := cutFrame(message)
		if !ok || !got.final || string(got.payload) != string(body) || len(rest) != 0 {
			t.Fatalf("%q became %q", body, message)
		}
		if got.op == opText && !utf8.Valid(body) || got.op != opText && got.op != opBinary {
			t.Fatalf("%q %q is sent with opcode %d", kind, body, got.op)
		}
	})
}

func FuzzCloseFrame(f *testing.F) {
	f.Add(1008, "the origin refuses these credentials")
	f.Add(1011, strings.Repeat("x", 122)+"\u00e9")
	f.Add(1013, strings.Repeat("\u2028", 100))
	f.Add(1001, "\xff")
	f.Add(1005, "")
	f.Add(-1, "x")
	f.Fuzz(func(t *testing.T, code int, reason string) {
		got, rest, ok := cutFrame(upgrade.CloseFrame(code, reason))
		if !ok || got.op != opClose || len(rest) != 0 || len(got.payload) < 2 {
			t.Fatalf("%d %q: %v", code, reason, got)
		}
		text := string(got.payload[2:])
		if !mayBeSaid(code) {
			code = upgrade.CloseBroken
		}
		if int(binary.BigEndian.Uint16(got.payload)) != code || !utf8.ValidString(text) || !strings.HasPrefix(reason, text) {
			t.Fatalf("%d %q became %q", code, reason, got.payload)
		}
		if len(reason) <= 123 && utf8.ValidString(reason) && text != reason {
			t.Fatalf("%q was cut to %q", reason, text)
		}
		if utf8.ValidString(reason) && len(text) < len(reason) && len(text) < 120 {
			t.Fatalf("%q was cut to %q, too short", reason, text)
		}
	})
}

// mayBeSaid says RFC 6455 section 7.4 and the IANA registry again, number by
// number.
func mayBeSaid(code int) bool {
	named := map[int]bool{1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true, 1010: true, 1011: true, 1012: true, 1013: true, 1014: true}
	return named[code] || code/1000 == 3 || code/1000 == 4
}
