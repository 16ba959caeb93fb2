package fanout_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pollmux/pollmux/upgrade/fanout"
)

func TestDrainingSpreadsTheGoodbyes(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		const clients = 1000
		var all []*held
		for range clients {
			all = append(all, hold(t, e, &reader{board: newBoard()}, fanout.Terms{}).read())
		}
		begin := time.Now()
		e.Drain(fanout.DrainSpread)
		e.Drain(fanout.DrainSpread)
		e.Wait()
		if d := time.Since(begin); d > fanout.DrainSpread {
			t.Errorf("drained after %v", d)
		}
		tenths := map[int]int{}
		for _, h := range all {
			h.want(fanout.Drained)
			lines := h.lines()
			if len(lines) != 1 || lines[0].text != "goodbye" {
				t.Fatalf("heard %v", lines)
			}
			tenths[int(10*lines[0].at/fanout.DrainSpread)]++
		}
		for tenth := range 10 {
			if n := tenths[tenth]; n < clients/20 || n > clients/5 {
				t.Errorf("%d of %d in tenth %d", n, clients, tenth)
			}
		}
	})
}

func TestWhoIsHeldAfterDrainIsServedAndLeavesSoon(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		e.Drain(fanout.DrainSpread)
		b := newBoard()
		b.publish()
		h := hold(t, e, &reader{board: b}, fanout.Terms{}).read()
		if d := h.want(fanout.Drained); d > fanout.DrainSpread || h.text() != "1 goodbye" {
			t.Errorf("after %v: %s", d, h.text())
		}
	})
}

// A client that was busy taking an older version when the engine drained, or
// when its time was over, gets the newest one before the goodbye.
func TestTheLastVersionComesBeforeTheGoodbye(t *testing.T) {
	for _, terms := range []fanout.Terms{{}, {Hold: time.Second}} {
		for range 20 {
			bubble(t, func(t *testing.T, e *fanout.Engine) {
				b := newBoard()
				b.publish()
				h := hold(t, e, &reader{board: b}, terms)
				synctest.Wait() // it writes the first version, which nobody reads
				b.publish()
				if terms.Hold == 0 {
					e.Drain(fanout.DrainSpread)
				}
				time.Sleep(fanout.DrainSpread + time.Second)
				h.read()
				<-h.ends
				if got := h.text(); got != "1 2 goodbye" && got != "1 2 expired" {
					t.Errorf("heard %s", got)
				}
				_ = h.conn.Close()
			})
		}
	}
}

func TestCloseInterruptsEverything(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		b := newBoard()
		b.publish()
		blocked := hold(t, e, &reader{board: b}, fanout.Terms{})
		idle := hold(t, e, &reader{board: newBoard()}, fanout.Terms{Beat: time.Hour}).read()
		lingering := hold(t, e, &reader{next: func() ([]byte, <-chan struct{}, bool) { return []byte("last\n"), nil, true }}, fanout.Terms{Linger: time.Hour}).read()
		spoken := hold(t, e, &reader{board: newBoard()}, fanout.Terms{Linger: time.Hour}).read()
		_, _ = spoken.client.Write([]byte("stop"))
		synctest.Wait()
		e.Close()
		e.Close()
		for _, h := range []*held{blocked, idle, lingering, spoken} {
			end := <-h.ends
			if !h.conn.isClosed() || time.Since(h.begin) != 0 {
				t.Errorf("ended %v after %v, closed %v", end, time.Since(h.begin), h.conn.isClosed())
			}
		}
		refused := hold(t, e, &reader{board: newBoard()}, fanout.Terms{})
		refused.want(fanout.Failed)
	})
}

func TestAPanicCostsItsOwnClientOnly(t *testing.T) {
	boom := func() { panic("boom") }
	frame := func() ([]byte, <-chan struct{}, bool) { return []byte("x\n"), nil, false }
	for name, test := range map[string]struct {
		session reader
		want    fanout.End
	}{
		"Next":   {reader{next: func() ([]byte, <-chan struct{}, bool) { boom(); return nil, nil, false }}, fanout.Failed},
		"Sent":   {reader{next: frame, sent: boom}, fanout.Failed},
		"Beat":   {reader{beat: func() ([]byte, bool) { boom(); return nil, false }}, fanout.Failed},
		"Expire": {reader{beat: func() ([]byte, bool) { return nil, false }, expire: func() []byte { boom(); return nil }}, fanout.Failed},
		"Heard":  {reader{heard: func(string) (fanout.Verdict, func()) { boom(); return 0, nil }}, fanout.Failed},
		"work":   {reader{heard: func(string) (fanout.Verdict, func()) { return 0, boom }}, fanout.Failed},
		"Leave":  {reader{leave: func() []byte { boom(); return nil }}, fanout.Failed},
		"nil":    {reader{next: func() ([]byte, <-chan struct{}, bool) { panic(error(nil)) }}, fanout.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var reported reports
				e := fanout.New(reported.add)
				b := newBoard()
				other := hold(t, e, &reader{board: b}, fanout.Terms{}).read()
				session := test.session
				session.board = newBoard()
				terms := fanout.Terms{Beat: time.Minute, Hold: time.Hour}
				if name == "Leave" {
					terms = fanout.Terms{}
				}
				h := hold(t, e, &session, terms).read()
				if name == "Leave" {
					e.Drain(fanout.DrainSpread)
				}
				if name == "Heard" || name == "work" {
					_, _ = h.client.Write([]byte("hello"))
				}
				h.want(test.want)
				if got := reported.String(); strings.Count(got, "panic") < 1 || strings.Contains(got, "\n") {
					t.Errorf("reported: %s", got)
				}
				b.publish()
				if got := other.text(); !strings.HasPrefix(got, "1") && name != "Leave" {
					t.Errorf("the other client heard %s", got)
				}
				e.Close()
			})
		})
	}
}

func TestAPanicAtTheEndIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported reports
		e := fanout.New(reported.add)
		client, server := net.Pipe()
		e.Hold(server, &reader{board: newBoard()}, fanout.Terms{Hold: time.Second}, func(fanout.End) { panic("boom") })
		got, err := io.ReadAll(client)
		if err != nil || string(got) != "expired\n" {
			t.Errorf("%q, %v", got, err)
		}
		e.Wait()
		if got := reported.String(); !strings.Contains(got, "boom") {
			t.Errorf("reported: %s", got)
		}
	})
}

func TestWaitReturnsWhenNothingIsHeld(t *testing.T) {
	bubble(t, func(t *testing.T, e *fanout.Engine) {
		e.Wait()
		var all []*held
		for n := range 5 {
			all = append(all, hold(t, e, &reader{board: newBoard()}, fanout.Terms{Hold: time.Duration(n+1) * time.Second}).read())
		}
		begin := time.Now()
		e.Wait()
		if d := time.Since(begin); d != 5*time.Second {
			t.Errorf("after %v", d)
		}
		for _, h := range all {
			if h.calls.Load() != 1 {
				t.Error("before it has ended")
			}
			_ = h.conn.Close()
		}
	})
}

// Connections are taken while somebody waits for the last one to end, as when
// the proxy stops: a sync.WaitGroup would panic.
func TestConnectionsAreHeldWhileSomebodyWaits(t *testing.T) {
	e := newEngine(t)
	stop := make(chan struct{})
	var waiters, holders sync.WaitGroup
	for range 4 {
		waiters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					e.Wait()
				}
			}
		})
	}
	for range 4 {
		holders.Go(func() {
			for range 2000 {
				_, server := net.Pipe()
				ended := make(chan struct{})
				e.Hold(server, &reader{next: func() ([]byte, <-chan struct{}, bool) { return nil, nil, true }}, fanout.Terms{}, func(fanout.End) { close(ended) })
				<-ended
				_ = server.Close()
			}
		})
	}
	holders.Wait()
	close(stop)
	waiters.Wait()
	e.Close()
}

// On real sockets, a large last frame arrives although the connection is closed
// right behind it.
func TestTheLastFrameIsNotLost(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	last := func() ([]byte, <-chan struct{}, bool) { return want, nil, true }
	quiet := func() ([]byte, <-chan struct{}, bool) { return nil, nil, false }
	words := func() []byte { return want }
	for name, test := range map[string]struct {
		session reader
		terms   fanout.Terms
		end     fanout.End
	}{
		"last":    {reader{next: last}, fanout.Terms{}, fanout.Done},
		"expired": {reader{next: quiet, expire: words}, fanout.Terms{Hold: 1}, fanout.Done},
		"goodbye": {reader{next: quiet, leave: words}, fanout.Terms{}, fanout.Drained},
	} {
		e, ended := newEngine(t), make(chan fanout.End, 1)
		client, server := socketPair(t)
		e.Hold(server, &test.session, test.terms, func(end fanout.End) { _ = server.Close(); ended <- end })
		if name == "goodbye" {
			e.Drain(fanout.DrainSpread)
		}
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, want) || <-ended != test.end {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
		e.Close()
	}
}

func TestEndsHaveNames(t *testing.T) {
	ends := []fanout.End{fanout.Done, fanout.Gone, fanout.Stuck, fanout.Drained, fanout.Failed}
	if got := fmt.Sprint(ends); got != "[done gone stuck drained failed]" {
		t.Error(got)
	}
}
