package upgrade_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

const ping = 10 * time.Second

// piped is a socket in a bubble, with whoever serves it.
type piped struct {
	*upgrade.Socket
	verdict fanout.Verdict // that ended it
	done    chan struct{}  // closed when its work is done; nil if there is none
}

func newPiped(send func(upgrade.Message) error) *piped {
	return &piped{Socket: upgrade.NewSocket(sampleKey, nil, newFake("1"), upgrade.SocketOptions{
		Ping: ping, MaxMessage: 1000, Send: send, Delivered: func(*upgrade.Update) {},
	})}
}

// say has the client say something, and does the work that it brings, until that
// blocks.
func (p *piped) say(b []byte) {
	p.goOn()
	p.hear(b)
	synctest.Wait()
	p.goOn()
}

func (p *piped) hear(b []byte) {
	verdict, work := p.Heard(b)
	if p.verdict = max(p.verdict, verdict); work != nil {
		done := make(chan struct{})
		p.done = done
		go func() { defer close(done); work() }()
	}
}

// goOn lets the socket know of work that is done.
func (p *piped) goOn() {
	for p.done != nil {
		select {
		case <-p.done:
			p.done = nil
			p.hear(nil)
			synctest.Wait()
		default:
			return
		}
	}
}

// alive lets a ping's time pass and reports whether the peer is still taken to
// be there.
func (p *piped) alive(t *testing.T) bool {
	t.Helper()
	time.Sleep(ping)
	p.goOn()
	frame, last := p.Beat()
	if last == (len(frame) > 0) || !last && string(frame) != "\x89\x00" {
		t.Fatalf("%q %v", frame, last)
	}
	return !last
}

func TestASilentPeerIsGivenUpAfterTwoAndAHalfPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPiped(nil)
		if first, second, third := p.alive(t), p.alive(t), p.alive(t); !first || !second || third {
			t.Error("not after the third ping")
		}
	})
}

func TestAnythingThatComesIsASignOfLife(t *testing.T) {
	long := clientFrame(true, opText, strings.Repeat("x", 100))
	for name, say := range map[string]func(n int) []byte{
		"pongs":         func(int) []byte { return clientFrame(true, opPong, "") },
		"pings":         func(int) []byte { return clientFrame(true, opPing, "") },
		"messages":      func(int) []byte { return clientFrame(true, opText, "x") },
		"a long one":    func(n int) []byte { return long[n : n+1] },
		"its fragments": func(n int) []byte { return clientFrame(false, map[bool]byte{true: opText}[n == 0], "x") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPiped(func(upgrade.Message) error { return nil })
				for n := range 20 {
					if n%2 == 0 {
						p.say(say(n / 2))
					}
					if !p.alive(t) {
						t.Fatalf("given up after %d pings", n)
					}
				}
			})
		})
	}
}

// The client's pongs wait behind its message, which waits for the origin.
func TestAPeerWhoseMessageIsBeingHandedOnIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan error)
		p := newPiped(func(upgrade.Message) error { return <-release })
		p.say(clientFrame(true, opText, "x"))
		for n := range 10 {
			if !p.alive(t) {
				t.Fatalf("given up after %d pings", n)
			}
		}
		release <- nil
		synctest.Wait()
		if !p.alive(t) || p.alive(t) {
			t.Error("silent after that, and not given up after two pings")
		}
	})
}

// A large message may take longer than some pings, which wait behind it: the
// client had nothing to answer.
func TestAPeerThatWasNotAskedIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPiped(nil)
		if !p.alive(t) {
			t.Fatal("given up at once")
		}
		time.Sleep(10 * ping)
		if !p.alive(t) {
			t.Fatal("given up after a long write")
		}
		p.say(clientFrame(true, opPong, ""))
		if first, second := p.alive(t), p.alive(t); !first || !second {
			t.Error("given up after its pong")
		}
	})
}

func TestAHalfOpenSocketIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, client) }()
		s := upgrade.NewSocket(sampleKey, nil, newFake("1"), upgrade.SocketOptions{Ping: ping, Delivered: func(*upgrade.Update) {}})
		engine := fanout.New(func(err error) { t.Error(err) })
		begin, ended := time.Now(), make(chan fanout.End)
		engine.Hold(conn, s, fanout.Terms{Beat: ping, Steady: true, Linger: upgrade.CloseLinger}, func(e fanout.End) { ended <- e })
		if end := <-ended; end != fanout.Gone {
			t.Errorf("ended %v", end)
		}
		if d := time.Since(begin); d < ping*5/2 || d > ping*4 {
			t.Errorf("after %v", d)
		}
		engine.Close()
	})
}

func TestAClientMayNotTalkBesideItsMessages(t *testing.T) {
	taken := func(upgrade.Message) error { return nil }
	for name, test := range map[string]struct {
		send  func(upgrade.Message) error
		frame []byte
	}{
		"pings":                    {taken, clientFrame(true, opPing, "")},
		"long pings":               {taken, clientFrame(true, opPing, strings.Repeat("x", 125))},
		"pings, of a listener":     {nil, clientFrame(true, opPing, "x")},
		"pongs that nobody wanted": {nil, clientFrame(true, opPong, strings.Repeat("x", 125))},
		"empty fragments":          {taken, clientFrame(false, 0, "")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPiped(test.send)
				if name == "empty fragments" {
					p.say(clientFrame(false, opText, "x"))
				}
				// Now and then is fine, for ever.
				for range 2000 {
					time.Sleep(time.Second)
					p.say(test.frame)
					p.Next() // which takes the pongs
				}
				// More than that is not, however long it was silent.
				time.Sleep(time.Hour)
				begin, frames := time.Now(), 0
				for p.verdict == fanout.Listening {
					p.say(test.frame)
					frames++
					time.Sleep(time.Millisecond)
				}
				if got := p.Expire(); p.verdict != fanout.Finished || !bytes.Contains(got, []byte("\x03\xf0too many pings")) {
					t.Errorf("verdict %d, %q", p.verdict, got)
				}
				least := upgrade.MaxChatter / upgrade.FramePrice
				most := least + int(time.Since(begin).Seconds()*upgrade.ChatterRate)/upgrade.FramePrice + 2
				if frames < least || frames > most {
					t.Errorf("after %d frames, not %d to %d", frames, least, most)
				}
			})
		})
	}
}

// What a client was asked for, and messages of any number, are no chatter.
func TestPongsAndMessagesAreNoChatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		p := newPiped(func(upgrade.Message) error { taken++; return nil })
		for range 10 * upgrade.MaxChatter / upgrade.FramePrice {
			p.Beat()
			p.say(clientFrame(true, opPong, ""))
			p.say(clientFrame(true, opText, ""))
			p.say(append(clientFrame(false, opText, "x"), clientFrame(true, 0, "")...))
		}
		if p.verdict != fanout.Listening || taken != 2*(10*upgrade.MaxChatter/upgrade.FramePrice) {
			t.Errorf("%d messages, verdict %d", taken, p.verdict)
		}
	})
}
