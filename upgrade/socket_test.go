package upgrade_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	client "github.com/fasthttp/websocket"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// taking makes a socket take messages.
func taking(messages chan upgrade.Message) func(*sockets) {
	return func(s *sockets) { s.options.Send = func(m upgrade.Message) error { messages <- m; return nil } }
}

func wantMessage(t *testing.T, ws *client.Conn, kind int, want string) {
	t.Helper()
	got, data, err := ws.ReadMessage()
	if err != nil || got != kind || string(data) != want {
		t.Fatalf("got %d %.100q, %v; want %d %.100q", got, data, err, kind, want)
	}
}

func TestASocketDeliversBareSnapshots(t *testing.T) {
	source := newFake(`{"v":1}`)
	s := newSockets(t, source)
	ws := s.dial()
	wantMessage(t, ws, client.TextMessage, `{"v":1}`)
	source.publish(content(200, "image/png", "\x89PNG"))
	wantMessage(t, ws, client.BinaryMessage, "\x89PNG")
	source.publish(content(404, "", "not a snapshot"))
	source.stale("down")
	source.publish(content(200, "text/plain", ""))
	wantMessage(t, ws, client.TextMessage, "")
	large := strings.Repeat("x", 3<<20)
	source.publish(content(200, "text/plain", large))
	wantMessage(t, ws, client.TextMessage, large)
	await.Until(t, "all are accounted for", func() bool { return fmt.Sprint(s.count.all()) == "[1 2 4 5]" })
}

func TestASocketWithoutASnapshotWaitsForOne(t *testing.T) {
	source := newFake("")
	s := newSockets(t, source)
	ws := s.dial()
	source.publish(json("1"))
	wantMessage(t, ws, client.TextMessage, "1")
}

func TestFragmentsAreOneMessageWhateverComesBetween(t *testing.T) {
	messages := make(chan upgrade.Message, 10)
	s := newSockets(t, newFake("1"), taking(messages))
	r := s.open()
	r.want(opText, "1")
	for _, b := range [][]byte{
		clientFrame(false, opText, "h\xc3"), clientFrame(true, opPing, "a"), clientFrame(false, 0, ""), clientFrame(true, opPong, "unasked"),
		clientFrame(false, 0, "\xa9"), clientFrame(true, opPing, ""), clientFrame(true, 0, "llo"),
	} {
		r.send(b)
	}
	r.want(opPong, "a")
	r.want(opPong, "")
	if m := <-messages; !m.Text || string(m.Data) != "h\u00e9llo" {
		t.Errorf("%+v", m)
	}
	r.send(append(clientFrame(false, opBinary, "\xff"), clientFrame(true, 0, "\xfe")...))
	if m := <-messages; m.Text || string(m.Data) != "\xff\xfe" {
		t.Errorf("%+v", m)
	}
	// Byte by byte.
	for _, b := range clientFrame(true, opText, "slow") {
		r.send([]byte{b})
	}
	if m := <-messages; string(m.Data) != "slow" {
		t.Errorf("%+v", m)
	}
}

func TestAMessageMayBeAsLongAsTheLimit(t *testing.T) {
	messages := make(chan upgrade.Message, 10)
	s := newSockets(t, newFake("1"), taking(messages))
	r := s.open()
	want := strings.Repeat("x", int(s.options.MaxMessage))
	r.send(clientFrame(true, opText, want))
	if m := <-messages; string(m.Data) != want {
		t.Errorf("%d bytes", len(m.Data))
	}
	r.send(clientFrame(false, opText, want[:600]))
	r.send(clientFrame(true, 0, want[600:]))
	if m := <-messages; string(m.Data) != want {
		t.Errorf("%d bytes in fragments", len(m.Data))
	}
	r.send(clientFrame(false, opText, want[:600]))
	r.send(clientFrame(true, 0, want[599:]))
	r.wantClose(upgrade.CloseTooBig)
}

func TestPingsGoBothWays(t *testing.T) {
	s := newSockets(t, newFake("1"), func(s *sockets) { s.terms.Beat = 1 })
	ws := s.dial()
	pinged, ponged := make(chan string, 1000), make(chan string, 1000)
	answer := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		select {
		case pinged <- data:
		default:
		}
		return answer(data)
	})
	ws.SetPongHandler(func(data string) error { ponged <- data; return nil })
	go func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	if data := <-pinged; data != "" {
		t.Errorf("pinged with %q", data)
	}
	for _, want := range []string{"", "x", strings.Repeat("y", 125)} {
		if err := ws.WriteMessage(client.PingMessage, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got := <-ponged; got != want {
			t.Errorf("ping %q, pong %q", want, got)
		}
	}
}

func TestMessagesAreHandedOnOneByOne(t *testing.T) {
	source := newFake("1")
	var inside atomic.Int32
	begun, release := make(chan string), make(chan struct{})
	s := newSockets(t, source, func(s *sockets) {
		s.options.Send = func(m upgrade.Message) error {
			if inside.Add(1) > 1 {
				t.Error("two at once")
			}
			begun <- string(m.Data)
			<-release
			inside.Add(-1)
			return nil
		}
	})
	ws := s.dial()
	wantMessage(t, ws, client.TextMessage, "1")
	for n := range 5 {
		if err := ws.WriteMessage(client.TextMessage, fmt.Append(nil, n)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 5 {
		if got := <-begun; got != fmt.Sprint(n) {
			t.Errorf("message %d is %q", n, got)
		}
		// Meanwhile, snapshots are delivered.
		source.publish(json(fmt.Sprint("1", n)))
		wantMessage(t, ws, client.TextMessage, fmt.Sprint("1", n))
		release <- struct{}{}
	}
}

// Pongs are written by the goroutine that reads, snapshots by the engine's.
func TestPongsAndSnapshotsDoNotMix(t *testing.T) {
	source := newFake("")
	s := newSockets(t, source, func(s *sockets) {
		s.options.Send = func(upgrade.Message) error { return nil }
		s.terms.Beat = 1
	})
	r := s.open()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 120 { // more pings would be chatter
			// A snapshot says how long it is, and is made of one byte.
			source.publish(content(200, "image/x", strings.Repeat(string(rune('a'+n%26)), 100+n*n*70)))
			r.send(clientFrame(true, opPing, strings.Repeat("p", n)))
			r.send(clientFrame(true, opText, "message"))
		}
		source.end(upgrade.ErrClosed)
	}()
	pongs, snapshots := 0, 0
	for {
		f, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		switch f.op {
		case opPong:
			if string(f.payload) != strings.Repeat("p", pongs) {
				t.Fatalf("pong %d is %q", pongs, f.payload)
			}
			pongs++
		case opBinary:
			if n := len(f.payload); n < 100 || bytes.Count(f.payload, f.payload[:1]) != n {
				t.Fatalf("%d bytes are not of one kind: %.50q", n, f.payload)
			}
			snapshots++
		case opPing:
		case opClose:
			<-done
			if pongs == 0 || snapshots == 0 {
				t.Errorf("%d pongs and %d snapshots", pongs, snapshots)
			}
			return
		default:
			t.Fatalf("opcode %d", f.op)
		}
	}
}

func TestManySocketsComeAndGo(t *testing.T) {
	source := newFake("0")
	s := newSockets(t, source, func(s *sockets) { s.options.Send = func(upgrade.Message) error { return nil } })
	const clients = 40
	done := make(chan struct{})
	for n := range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			ws := s.dial()
			for range n {
				if _, _, err := ws.ReadMessage(); err != nil {
					t.Error(err)
				}
				_ = ws.WriteMessage(client.TextMessage, []byte("x"))
			}
			if n%2 == 0 {
				_ = ws.WriteMessage(client.CloseMessage, client.FormatCloseMessage(1000, ""))
			}
			_ = ws.Close()
		}()
	}
	for n, left := 0, clients; left > 0; n++ {
		select {
		case <-done:
			left--
		default:
			source.publish(json(fmt.Sprint(n)))
		}
	}
	for range clients {
		if end := <-s.ended; end != fanout.Gone && end != fanout.Done && end != fanout.Stuck {
			t.Errorf("ended %v", end)
		}
	}
}
