package upgrade_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/upgrade"
)

// talk is a conversation of raw frames with a socket that echoes messages.
type talk struct {
	name string
	say  []byte
	chop int    // bytes of a write; 0 is all at once
	hear string // the frames that come back, a word and a payload each, ended by commas
}

// echo makes a socket say each message that it is sent, once: what is published
// next waits until this was written.
func echo(s *sockets) {
	written := make(chan struct{}, 1)
	s.options.MaxMessage = 1 << 20
	s.options.Delivered = func(*upgrade.Update) { written <- struct{}{} }
	s.options.Send = func(m upgrade.Message) error {
		kind := "application/octet-stream"
		if m.Text {
			kind = "text/plain"
		}
		s.source.publish(content(200, kind, string(m.Data)))
		<-written
		return nil
	}
}

// hold has the conversation, and ends it as the RFC wants it if that has not
// ended it.
func (c talk) hold(t *testing.T) {
	t.Helper()
	r := newSockets(t, newFake(""), echo).open()
	sent := make(chan error, 1)
	go func() { sent <- r.sayInPieces(c.say, c.chop) }()
	var heard strings.Builder
	closed := false
	for heard.Len() < len(c.hear) {
		f, err := r.next()
		if err != nil {
			t.Fatalf("heard %s then %v, want %s", short(heard.String()), err, short(c.hear))
		}
		heard.WriteString(said(f) + ",")
		closed = closed || f.op == opClose
	}
	if heard.String() != c.hear {
		t.Fatalf("heard %s, want %s", short(heard.String()), short(c.hear))
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if closed {
		r.wantEnd()
		return
	}
	r.send(clientFrame(true, opClose, "\x03\xe8"))
	r.want(opClose, "\x03\xe8")
	r.wantEnd()
}

func (r *raw) sayInPieces(b []byte, size int) error {
	if size == 0 {
		size = max(len(b), 1)
	}
	for ; len(b) > 0; b = b[min(size, len(b)):] {
		if _, err := r.Write(b[:min(size, len(b))]); err != nil {
			return err
		}
	}
	return nil
}

// said writes a server's frame as talk.hear has it: the reason of a Close is left
// out.
func said(f frame) string {
	switch f.op {
	case opText:
		return "text " + string(f.payload)
	case opBinary:
		return "binary " + string(f.payload)
	case opPong:
		return "pong " + string(f.payload)
	case opClose:
		if len(f.payload) == 0 {
			return "close"
		}
		return fmt.Sprint("close ", binary.BigEndian.Uint16(f.payload))
	}
	return fmt.Sprint("opcode ", f.op)
}

func short(s string) string {
	if len(s) > 120 {
		return fmt.Sprintf("%q... (%d bytes)", s[:120], len(s))
	}
	return fmt.Sprintf("%q", s)
}

func holdAll(t *testing.T, talks []talk) {
	t.Helper()
	for _, c := range talks {
		t.Run(c.name, c.hold)
	}
}

// join writes frames one behind the other.
func join(frames ...[]byte) (all []byte) {
	for _, f := range frames {
		all = append(all, f...)
	}
	return all
}

// fragments cuts a message into frames of so many bytes.
func fragments(op byte, payload string, size int) (all []byte) {
	for first := true; first || payload != ""; first = false {
		n := min(size, len(payload))
		if !first {
			op = 0
		}
		all = append(all, clientFrame(n == len(payload), op, payload[:n])...)
		payload = payload[n:]
	}
	return all
}

// closing is a Close with a code and a reason.
func closing(code int, reason string) []byte {
	return clientFrame(true, opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}
