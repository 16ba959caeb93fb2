package fanout_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade/fanout"
)

func TestASilenceIsBrokenByABeatThatIsNeverLate(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, &reader{board: newBoard()}, fanout.Terms{Beat: 10 * time.Second}).read()
		time.Sleep(2 * time.Hour)
		last, early, late := time.Duration(0), false, false
		lines := h.lines()
		for _, l := range lines {
			pause := l.at - last
			last = l.at
			if l.text != "beat" || pause < 9*time.Second || pause > 10*time.Second {
				t.Fatalf("%s after %v", l.text, pause)
			}
			early, late = early || pause < 9450*time.Millisecond, late || pause > 9900*time.Millisecond
		}
		if len(lines) < 700 || !early || !late {
			t.Errorf("%d beats, not spread", len(lines))
		}
		_ = h.client.Close()
		h.want(fanout.Gone)
	})
}

func TestAFrameIsABeat(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		h := hold(t, e, &reader{board: b}, fanout.Terms{Beat: 10 * time.Second}).read()
		for range 100 {
			time.Sleep(7 * time.Second)
			b.publish()
		}
		if got := h.text(); strings.Contains(got, "beat") {
			t.Errorf("heard %s", got)
		}
	})
}

func TestASteadyBeatKeepsItsPaceWhateverIsSent(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		h := hold(t, e, &reader{board: b}, fanout.Terms{Beat: 10 * time.Second, Steady: true}).read()
		for range 1000 {
			time.Sleep(time.Second)
			b.publish()
		}
		last, beats := time.Duration(0), 0
		for _, l := range h.lines() {
			if l.text != "beat" {
				continue
			}
			if pause := l.at - last; pause < 9*time.Second || pause > 10*time.Second {
				t.Fatalf("after %v", pause)
			}
			last = l.at
			beats++
		}
		if beats < 100 {
			t.Errorf("%d beats in 1000 s", beats)
		}
	})
}

func TestWithoutTermsNothingHappensForEver(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, &reader{board: newBoard()}, fanout.Terms{}).read()
		time.Sleep(1000 * time.Hour)
		if got := h.text(); got != "" {
			t.Errorf("heard %s", got)
		}
	})
}

func TestABeatMayGiveTheClientUp(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		beats := 0
		s := &reader{board: newBoard(), beat: func() ([]byte, bool) { beats++; return nil, beats == 3 }}
		h := hold(t, e, s, fanout.Terms{Beat: time.Second, Linger: time.Hour}).read()
		if d := h.want(fanout.Gone); d > 3*time.Second || h.text() != "" {
			t.Errorf("after %v: %s", d, h.text())
		}
	})
}

func TestAHoldEndsInTimeAndLeavesAGoodConnection(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		h := hold(t, e, &reader{board: b}, fanout.Terms{Hold: time.Minute}).read()
		time.Sleep(59 * time.Second)
		b.publish()
		if d := h.want(fanout.Done); d != time.Minute || h.text() != "1 expired" {
			t.Errorf("after %v: %s", d, h.text())
		}
		_ = h.conn.Close()
	})
}

func TestALastFrameEndsTheSession(t *testing.T) {
	for _, frame := range []string{"", "last\n"} {
		bubble(t, func(t *testing.T, e *fanout.Engine) {
			sent := 0
			s := &reader{sent: func() { sent++ }, next: func() ([]byte, <-chan struct{}, bool) { return []byte(frame), nil, true }}
			h := hold(t, e, s, fanout.Terms{Hold: time.Minute}).read()
			if d := h.want(fanout.Done); d != 0 || h.text()+"\n" != frame && frame != "" || sent != len(frame)/5 {
				t.Errorf("after %v: %q, sent %d", d, h.text(), sent)
			}
			_ = h.conn.Close()
		})
	}
}

func TestAClientThatLeavesIsNoticedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, &reader{board: newBoard()}, fanout.Terms{Beat: time.Minute, Hold: time.Hour}).read()
		time.Sleep(time.Second)
		_ = h.client.Close()
		if d := h.want(fanout.Gone); d != time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// A source that never rests keeps nobody from being heard.
func TestAnEndlessSourceStarvesNothing(t *testing.T) {
	endless := func(end string) *reader {
		return &reader{
			next: func() ([]byte, <-chan struct{}, bool) {
				time.Sleep(time.Millisecond)
				return []byte("more\n"), nil, false
			},
			expire: func() []byte { return []byte(end + "\n") }, leave: func() []byte { return []byte(end + "\n") },
		}
	}
	ended := func(h *held, want string) {
		h.t.Helper()
		if got := h.text(); !strings.HasPrefix(got, "more more") || strings.Count(got, want) != 1 || !strings.HasSuffix(got, want) {
			h.t.Errorf("heard ...%s", got[max(len(got)-50, 0):])
		}
	}
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, endless(""), fanout.Terms{}).read()
		time.Sleep(time.Second)
		_ = h.client.Close()
		if end := <-h.ends; end != fanout.Gone && end != fanout.Stuck {
			t.Errorf("ended %v", end)
		}
	})
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, endless("expired"), fanout.Terms{Hold: time.Minute}).read()
		if d := h.want(fanout.Done); d < time.Minute || d > time.Minute+time.Second {
			t.Errorf("held for %v", d)
		}
		ended(h, "expired")
		_ = h.conn.Close()
	})
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, endless("goodbye"), fanout.Terms{}).read()
		time.Sleep(time.Second)
		e.Drain(fanout.DrainSpread)
		if d := h.want(fanout.Drained); d > 2*time.Second+fanout.DrainSpread {
			t.Errorf("drained after %v", d)
		}
		ended(h, "goodbye")
	})
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		s := endless("")
		beats := 0
		s.beat = func() ([]byte, bool) { beats++; return nil, beats == 10 }
		h := hold(t, e, s, fanout.Terms{Beat: time.Second, Steady: true}).read()
		if d := h.want(fanout.Gone); d > 11*time.Second {
			t.Errorf("10 beats took %v", d)
		}
	})
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, endless("expired"), fanout.Terms{}).read()
		time.Sleep(time.Second)
		_, _ = h.client.Write([]byte("stop"))
		if d := h.want(fanout.Done); d > 2*time.Second {
			t.Errorf("a client that spoke was heard after %v", d)
		}
		ended(h, "expired")
		_ = h.conn.Close()
	})
}

func TestAClientThatSpeaksEndsItsSession(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		b.publish()
		h := hold(t, e, &reader{board: b}, fanout.Terms{Hold: time.Hour}).read()
		time.Sleep(time.Second)
		_, _ = h.client.Write([]byte("stop"))
		if d := h.want(fanout.Done); d != time.Second || h.text() != "1 expired" {
			t.Errorf("after %v: %s", d, h.text())
		}
		_ = h.conn.Close()
	})
}

func TestASlowClientSkipsVersionsAndDelaysNobody(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		slow := hold(t, e, &reader{board: b}, fanout.Terms{})
		fast := hold(t, e, &reader{board: b}, fanout.Terms{}).read()
		for range 100 {
			b.publish()
			time.Sleep(time.Second)
		}
		lines := fast.lines()
		for n, l := range lines {
			if l.text != fmt.Sprint(n+1) || l.at != time.Duration(n)*time.Second {
				t.Fatalf("%s at %v", l.text, l.at)
			}
		}
		// The one frame that was on its way, and the newest.
		if slow.read(); len(lines) != 100 || slow.text() != "1 100" {
			t.Errorf("%d lines, the slow client heard %s", len(lines), slow.text())
		}
	})
}

func TestAWriteThatFailsEndsTheSession(t *testing.T) {
	for name, session := range map[string]*reader{
		"of a frame":   {next: func() ([]byte, <-chan struct{}, bool) { return []byte("x"), nil, false }},
		"of the last":  {next: func() ([]byte, <-chan struct{}, bool) { return []byte("x"), nil, true }},
		"of a beat":    {board: newBoard()},
		"of the word":  {board: newBoard(), beat: func() ([]byte, bool) { return nil, false }},
		"of a goodbye": {board: newBoard(), beat: func() ([]byte, bool) { return nil, false }},
	} {
		bubble(t, func(t *testing.T, e *fanout.Engine) {
			if session.board != nil {
				session.board = newBoard() // of this bubble
			}
			sent := 0
			session.sent = func() { sent++ }
			client, server := net.Pipe()
			c := &failing{Conn: server}
			ends := make(chan fanout.End, 2)
			if name == "of a goodbye" {
				e.Drain(fanout.DrainSpread)
			}
			e.Hold(c, session, fanout.Terms{Beat: time.Second, Hold: time.Minute, Linger: time.Hour}, func(end fanout.End) { ends <- end })
			if end := <-ends; end != fanout.Stuck || sent != 0 {
				t.Errorf("%s: ended %v, sent %d", name, end, sent)
			}
			_, err := client.Read(make([]byte, 1))
			if !errors.Is(err, io.EOF) {
				t.Errorf("%s: the connection is open: %v", name, err)
			}
		})
	}
}

// failing is a connection on which writes time out.
type failing struct{ net.Conn }

func (failing) Write([]byte) (int, error) { time.Sleep(time.Second); return 0, os.ErrDeadlineExceeded }

func TestLingeringWaitsForTheClientsLeave(t *testing.T) {
	// A client that takes its leave, but not by closing.
	listen := func(said string) (fanout.Verdict, func()) {
		return map[string]fanout.Verdict{"stop": fanout.Spoken, "bye": fanout.Finished}[said], nil
	}
	last := func() *reader {
		return &reader{heard: listen, next: func() ([]byte, <-chan struct{}, bool) { return []byte("last\n"), nil, true }}
	}
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, last(), fanout.Terms{Linger: 5 * time.Second}).read()
		time.Sleep(3 * time.Second)
		_, _ = h.client.Write([]byte("bye"))
		if d := h.want(fanout.Done); d != 3*time.Second {
			t.Errorf("after %v", d)
		}
		_ = h.conn.Close()
	})
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		h := hold(t, e, last(), fanout.Terms{Linger: 5 * time.Second}).read()
		if d := h.want(fanout.Done); d != 5*time.Second {
			t.Errorf("a client that does not leave: after %v", d)
		}
		_ = h.conn.Close()
	})
	// A client that speaks, before or meanwhile, is listened to again.
	for name, leaves := range map[string]bool{"leaves": true, "stays": false} {
		bubble(t, func(t *testing.T, e *fanout.Engine) {
			listened := 0
			s := &reader{board: newBoard(), heard: func(said string) (fanout.Verdict, func()) { listened++; return listen(said) }}
			h := hold(t, e, s, fanout.Terms{Linger: 5 * time.Second}).read()
			_, _ = h.client.Write([]byte("stop"))
			synctest.Wait()
			time.Sleep(time.Second)
			_, _ = h.client.Write([]byte("stop"))
			synctest.Wait()
			time.Sleep(time.Second)
			want, times := 5*time.Second, 2
			if leaves {
				_, _ = h.client.Write([]byte("bye"))
				want, times = 2*time.Second, 3
			}
			if d := h.want(fanout.Done); d != want || listened != times || h.text() != "expired" {
				t.Errorf("%s: after %v, listened %d times: %s", name, d, listened, h.text())
			}
			_ = h.conn.Close()
		})
	}
}
