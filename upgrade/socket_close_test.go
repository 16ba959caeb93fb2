package upgrade_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	client "github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

func TestASourceThatEndsClosesItsSocketsWithACode(t *testing.T) {
	for _, test := range []struct {
		why  error
		code int
	}{
		{upgrade.ErrRevoked, 1008}, {fmt.Errorf("wrapped: %w", upgrade.ErrRevoked), 1008}, {upgrade.ErrMoved, 1012},
		{upgrade.ErrClosed, 1001}, {errors.New("other"), 1001},
	} {
		source := newFake("1")
		s := newSockets(t, source)
		r := s.open()
		r.want(opText, "1")
		source.publish(json("2"))
		source.end(test.why)
		if reason := r.wantClose(test.code); reason != test.why.Error() {
			t.Errorf("%v: %q", test.why, reason)
		}
		if end := <-s.ended; end != fanout.Done {
			t.Errorf("%v: ended %v", test.why, end)
		}
	}
}

func TestTheLastVersionComesBeforeTheClose(t *testing.T) {
	source := newFake("1")
	source.end(upgrade.ErrClosed)
	s := newSockets(t, source)
	r := s.open()
	r.want(opText, "1")
	r.wantClose(upgrade.CloseGoingAway)
}

func TestADrainingEngineClosesSocketsWith1012(t *testing.T) {
	s := newSockets(t, newFake("1"))
	r := s.open()
	r.want(opText, "1")
	s.engine.Drain(2 * time.Second)
	if reason := r.wantClose(upgrade.CloseRestart); reason == "" {
		t.Error("without a reason")
	}
	if end := <-s.ended; end != fanout.Drained {
		t.Errorf("ended %v", end)
	}
}

func TestAClientsCloseIsEchoed(t *testing.T) {
	for _, payload := range []string{"", "\x03\xe8", "\x03\xe9bye", "\x0f\xa0", "\x13\x87" + strings.Repeat("x", 123)} {
		source := newFake("1")
		s := newSockets(t, source)
		r := s.open()
		r.want(opText, "1")
		r.send(clientFrame(true, opClose, payload))
		r.want(opClose, payload[:min(2, len(payload))])
		r.wantEnd()
		if end := <-s.ended; end != fanout.Done {
			t.Errorf("%q: ended %v", payload, end)
		}
	}
}

func TestWhatMayNotBeSaidClosesTheSocket(t *testing.T) {
	text, binary := clientFrame(true, opText, "x"), clientFrame(true, opBinary, "x")
	refusing := func(err error) func(upgrade.Message) error { return func(upgrade.Message) error { return err } }
	fine := refusing(nil)
	unmasked := []byte{0x81, 1, 'x'}
	for name, test := range map[string]struct {
		send  func(upgrade.Message) error
		bytes []byte
		code  int
	}{
		"text, taken by nobody":       {nil, text, 1003},
		"binary, taken by nobody":     {nil, binary, 1003},
		"much, taken by nobody":       {nil, clientFrame(true, opBinary, strings.Repeat("x", 1<<20)), 1003},
		"not UTF-8":                   {fine, clientFrame(true, opText, "h\xe9llo"), 1007},
		"surrogate":                   {fine, clientFrame(true, opText, "\xed\xa0\x80"), 1007},
		"cut character":               {fine, append(clientFrame(false, opText, "\xc3"), clientFrame(true, 0, "")...), 1007},
		"too long":                    {fine, clientFrame(true, opText, strings.Repeat("x", 1001)), 1009},
		"much too long":               {fine, clientFrame(true, opBinary, strings.Repeat("x", 4<<20)), 1009},
		"too long in fragments":       {fine, append(clientFrame(false, opText, strings.Repeat("x", 900)), clientFrame(true, 0, strings.Repeat("x", 1<<20))...), 1009},
		"refused":                     {refusing(&upgrade.CloseError{Code: 1008, Reason: "no"}), text, 1008},
		"refused, wrapped":            {refusing(fmt.Errorf("x: %w", &upgrade.CloseError{Code: 4000, Reason: "no"})), text, 4000},
		"failed":                      {refusing(errors.New("broken")), text, 1011},
		"unmasked":                    {fine, unmasked, 1002},
		"unknown opcode":              {fine, clientFrame(true, 3, "x"), 1002},
		"unknown control":             {fine, clientFrame(true, 11, "x"), 1002},
		"reserved bit":                {fine, clientFrame(true, 0x40|opText, "x"), 1002},
		"continues nothing":           {fine, clientFrame(true, 0, "x"), 1002},
		"two messages in one":         {fine, append(clientFrame(false, opText, "x"), text...), 1002},
		"fragmented ping":             {fine, clientFrame(false, opPing, "x"), 1002},
		"ping of 126 bytes":           {fine, clientFrame(true, opPing, strings.Repeat("x", 126)), 1002},
		"close 1005":                  {fine, clientFrame(true, opClose, "\x03\xed"), 1002},
		"close with a bad reason":     {fine, clientFrame(true, opClose, "\x03\xe8\xff"), 1007},
		"unmasked and more behind it": {fine, append(unmasked, strings.Repeat("x", 1<<20)...), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSockets(t, newFake("1"), func(s *sockets) { s.options.Send = test.send })
			r := s.open()
			r.want(opText, "1")
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = r.Write(test.bytes)
			}()
			f, err := r.next()
			if err != nil || f.op != opClose {
				t.Fatalf("instead of a close: %d, %v", f.op, err)
			}
			if code := int(f.payload[0])<<8 | int(f.payload[1]); code != test.code {
				t.Errorf("%d %q, want %d", code, f.payload[2:], test.code)
			}
			<-sent
			if test.code == 1008 || test.code == 1011 || test.code == 4000 {
				// It broke no rule, so it is waited for.
				r.send(clientFrame(true, opClose, string(f.payload[:2])))
			}
			r.wantEnd()
		})
	}
}

// A length that nobody means is refused before anything of it is waited for.
func TestALengthThatCannotBeClosesTheSocket(t *testing.T) {
	for length, code := range map[string]int{
		"\xff\x80\x00\x00\x00\x00\x00\x00\x00": 1002, "\xff\xff\xff\xff\xff\xff\xff\xff\xff": 1002,
		"\xff\x7f\xff\xff\xff\xff\xff\xff\xff": 1009, "\xfe\x03\xe9": 1009,
		// What fits into fewer bytes has to be said in them (section 5.2).
		"\xfe\x00\x00": 1002, "\xfe\x00\x7d": 1002, "\xff\x00\x00\x00\x00\x00\x00\x00\x01": 1002, "\xff\x00\x00\x00\x00\x00\x00\xff\xff": 1002,
	} {
		s := newSockets(t, newFake("1"), taking(make(chan upgrade.Message)))
		r := s.open()
		r.want(opText, "1")
		r.send([]byte("\x82" + length + "\x00\x00\x00\x00"))
		f, err := r.next()
		if err != nil || f.op != opClose || int(f.payload[0])<<8|int(f.payload[1]) != code {
			t.Fatalf("%x: %d %q, %v, want %d", length, f.op, f.payload, err, code)
		}
		r.wantEnd()
	}
}

// After a Close there may be no more data (RFC 6455 section 5.5.1), whoever
// began, and there is one Close only.
func TestNothingFollowsAClose(t *testing.T) {
	for name, hangUp := range map[string]func(*sockets, *raw){
		"the client closes":       func(_ *sockets, r *raw) { r.send(clientFrame(true, opClose, "\x03\xe8")) },
		"the client says a thing": func(_ *sockets, r *raw) { r.send(clientFrame(true, opText, "x")) },
		"too long a thing":        func(_ *sockets, r *raw) { r.send(clientFrame(true, opText, strings.Repeat("x", 2000))) },
		"the engine drains":       func(s *sockets, _ *raw) { s.engine.Drain(2 * time.Second) },
		"a protocol error": func(_ *sockets, r *raw) {
			r.send(clientFrame(true, 3, ""))
			_ = r.Conn.(interface{ CloseWrite() error }).CloseWrite()
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := newFake("0")
			s := newSockets(t, source, func(s *sockets) { s.terms.Beat = 1 })
			r := s.open()
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
						source.publish(json(fmt.Sprint(n)))
					}
				}
			}()
			defer func() { close(stop); <-stopped }()
			for range 10 {
				if _, err := r.next(); err != nil {
					t.Fatal(err)
				}
			}
			hangUp(s, r)
			for {
				f, err := r.next()
				if err != nil {
					t.Fatalf("without a Close: %v", err)
				}
				if f.op == opClose {
					break
				}
			}
			// The client takes its time; nothing may come.
			_ = r.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if f, err := r.next(); err == nil {
				t.Fatalf("after the Close came %d %.50q", f.op, f.payload)
			}
			if name == "the client closes" || name == "a protocol error" {
				return // the connection is closed already
			}
			_ = r.SetReadDeadline(time.Now().Add(await.Patience))
			r.send(clientFrame(true, opClose, "\x03\xe8"))
			if f, err := r.next(); err != io.EOF {
				t.Fatalf("after both Closes came %d %.50q, %v", f.op, f.payload, err)
			}
		})
	}
}

func TestAClientThatDoesNotAnswerACloseIsNotWaitedForLong(t *testing.T) {
	source := newFake("1")
	s := newSockets(t, source, func(s *sockets) { s.terms.Linger = 10 * time.Millisecond })
	r := s.open()
	r.want(opText, "1")
	source.end(upgrade.ErrClosed)
	if end := <-s.ended; end != fanout.Done {
		t.Errorf("ended %v", end)
	}
	// What it says after the Close is no message.
	s = newSockets(t, newFake("1"), func(s *sockets) { s.terms.Linger = 10 * time.Millisecond })
	r = s.open()
	r.send(clientFrame(true, opText, "x"))
	for range 100 {
		_, _ = r.Write(clientFrame(true, opText, "y"))
	}
	<-s.ended
}

func TestAClientThatVanishesIsGone(t *testing.T) {
	for name, vanish := range map[string]func(*raw){
		"it closes":          func(r *raw) { _ = r.Close() },
		"within a message":   func(r *raw) { r.send(clientFrame(false, opText, "x")); _ = r.Close() },
		"within a frame":     func(r *raw) { r.send(clientFrame(true, opText, "xyz")[:7]); _ = r.Close() },
		"within a head":      func(r *raw) { r.send([]byte{0x81}); _ = r.Close() },
		"it stops to listen": func(r *raw) { _ = r.Conn.(interface{ CloseWrite() error }).CloseWrite() },
	} {
		s := newSockets(t, newFake("1"), taking(make(chan upgrade.Message)))
		r := s.open()
		r.want(opText, "1")
		vanish(r)
		if end := <-s.ended; end != fanout.Gone {
			t.Errorf("%s: ended %v", name, end)
		}
	}
}

func TestTheLibrarysClientUnderstandsEachClose(t *testing.T) {
	for _, code := range []int{1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4999} {
		s := newSockets(t, newFake("1"), func(s *sockets) {
			s.options.Send = func(upgrade.Message) error {
				return &upgrade.CloseError{Code: code, Reason: strings.Repeat("\u20ac", 100)}
			}
		})
		ws := s.dial()
		wantMessage(t, ws, client.TextMessage, "1")
		if err := ws.WriteMessage(client.TextMessage, []byte("x")); err != nil {
			t.Fatal(err)
		}
		_, _, err := ws.ReadMessage()
		var closed *client.CloseError
		if !errors.As(err, &closed) || closed.Code != code || closed.Text != strings.Repeat("\u20ac", 41) {
			t.Errorf("%d: %v", code, err)
		}
	}
}
