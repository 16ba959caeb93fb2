package fanout_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// The stories here are told on real sockets, which an engine serves in shards where
// it can.

// socketed is a session on a socket.
type socketed struct {
	t      *testing.T
	client net.Conn
	server net.Conn
	held   fanout.Held
	ends   chan fanout.End
}

func holdSocket(t *testing.T, e *fanout.Engine, s fanout.Session, terms fanout.Terms) *socketed {
	t.Helper()
	client, server := socketPair(t)
	h := &socketed{t: t, client: client, server: server, ends: make(chan fanout.End, 10)}
	h.held = e.Hold(server, s, terms, func(end fanout.End) { h.ends <- end })
	return h
}

// reads waits until the client has read text.
func (h *socketed) reads(text string) {
	h.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(h.client, got); err != nil || string(got) != text {
		h.t.Fatalf("read %q, want %q: %v", got[:n], text, err)
	}
}

func (h *socketed) says(text string) {
	h.t.Helper()
	if _, err := io.WriteString(h.client, text); err != nil {
		h.t.Fatal(err)
	}
}

func (h *socketed) want(end fanout.End) {
	h.t.Helper()
	select {
	case got := <-h.ends:
		if got != end {
			h.t.Fatalf("ended %v, want %v", got, end)
		}
	case <-time.After(await.Patience):
		h.t.Fatalf("has not ended %v", end)
	}
	if len(h.ends) > 0 {
		h.t.Fatal("ended twice")
	}
}

func TestASocketIsGivenBackAsItWas(t *testing.T) {
	e, b := newEngine(t), newBoard()
	defer e.Close()
	h := holdSocket(t, e, &reader{board: b}, fanout.Terms{Hold: time.Hour})
	b.publish()
	h.reads("1\n")
	h.says("stop")
	h.reads("expired\n")
	h.want(fanout.Done)
	// Nobody else reads from it or writes to it, and its deadlines are not set.
	h.says("more")
	got := make([]byte, 4)
	if _, err := io.ReadFull(h.server, got); err != nil || string(got) != "more" {
		t.Errorf("%q, %v", got, err)
	}
	// And it may be held again.
	again := make(chan fanout.End, 1)
	e.Hold(h.server, &reader{board: b}, fanout.Terms{}, func(end fanout.End) { again <- end })
	h.reads("1\n")
	b.publish()
	h.reads("2\n")
	_ = h.client.Close()
	if end := <-again; end != fanout.Gone {
		t.Errorf("ended %v", end)
	}
}

func TestWhoLeavesASocketIsNoticed(t *testing.T) {
	for name, leave := range map[string]func(net.Conn){
		"closes":      func(c net.Conn) { _ = c.Close() },
		"resets":      func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
		"ends a half": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"says first":  func(c net.Conn) { _, _ = io.WriteString(c, "hello"); _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t)
			defer e.Close()
			var heard bytes.Buffer
			h := holdSocket(t, e, &reader{board: newBoard(), heard: func(said string) (fanout.Verdict, func()) {
				heard.WriteString(said)
				return fanout.Listening, nil
			}}, fanout.Terms{Hold: time.Hour})
			leave(h.client)
			h.want(fanout.Gone)
			if name == "says first" && heard.String() != "hello" {
				t.Errorf("heard %q", &heard)
			}
		})
	}
}

func TestASlowSocketGetsWholeFramesAndTheNewestLast(t *testing.T) {
	const size, versions = 1 << 20, 50
	e, b := newEngine(t), newBoard()
	defer e.Close()
	frame := func(version int) []byte {
		return append(bytes.Repeat([]byte{byte(version)}, size-1), '\n')
	}
	session := func() *reader {
		r := &reader{board: b}
		r.next = func() ([]byte, <-chan struct{}, bool) {
			version, changed := b.latest()
			if version == r.have {
				return nil, changed, false
			}
			r.have = version
			return frame(version), nil, false
		}
		return r
	}
	slow := holdSocket(t, e, session(), fanout.Terms{})
	fast := holdSocket(t, e, session(), fanout.Terms{})
	got := make([]byte, size)
	for version := 1; version <= versions; version++ {
		b.publish()
		if _, err := io.ReadFull(fast.client, got); err != nil || !bytes.Equal(got, frame(version)) {
			t.Fatalf("version %d: %v", version, err)
		}
	}
	last, frames := 0, 0
	for last < versions {
		if _, err := io.ReadFull(slow.client, got); err != nil {
			t.Fatal(err)
		}
		version := int(got[0])
		if version <= last || !bytes.Equal(got, frame(version)) {
			t.Fatalf("version %d after %d, or torn", version, last)
		}
		last, frames = version, frames+1
	}
	if frames > versions/2 {
		t.Errorf("%d frames of %d waited for a client that read none", frames, versions)
	}
}

func TestASocketThatTakesNothingIsGivenUp(t *testing.T) {
	huge := make([]byte, 64<<20)
	for name, test := range map[string]struct {
		terms fanout.Terms
		read  func(net.Conn)
	}{
		"nothing": {fanout.Terms{Stall: 50 * time.Millisecond}, func(net.Conn) {}},
		"a little now and then": {fanout.Terms{Stall: 200 * time.Millisecond, Rate: 1 << 30}, func(c net.Conn) {
			buf := make([]byte, 64<<10)
			for {
				if _, err := c.Read(buf); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond) // it is slow
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEngine(t), newBoard()
			defer e.Close()
			other := holdSocket(t, e, &reader{board: b}, fanout.Terms{})
			h := stalled(t, e, &reader{next: func() ([]byte, <-chan struct{}, bool) { return huge, nil, false }}, test.terms)
			go test.read(h.client)
			b.publish()
			other.reads("1\n")
			h.want(fanout.Stuck)
		})
	}
}

// stalled is held where writes have the deadlines that Terms leave to a connection
// with a goroutine.
func stalled(t *testing.T, e *fanout.Engine, s fanout.Session, terms fanout.Terms) *socketed {
	client, server := socketPair(t)
	h := &socketed{t: t, client: client, server: server, ends: make(chan fanout.End, 10)}
	_ = server.SetWriteDeadline(time.Now().Add(terms.Stall))
	h.held = e.Hold(server, s, terms, func(end fanout.End) { h.ends <- end })
	return h
}

func TestWorkKeepsNobodyWaitingButItsOwnClient(t *testing.T) {
	e, b := newEngine(t), newBoard()
	defer e.Close()
	release, heard := make(chan struct{}), make(chan string, 10)
	busy := false
	h := holdSocket(t, e, &reader{board: b, heard: func(said string) (fanout.Verdict, func()) {
		if said == "" {
			busy = false
			return fanout.Listening, nil
		}
		if busy {
			t.Error("it is heard while it works")
		}
		heard <- said
		busy = true
		return fanout.Listening, func() { <-release }
	}}, fanout.Terms{})
	other := holdSocket(t, e, &reader{board: b}, fanout.Terms{})
	h.says("one")
	if said := <-heard; said != "one" {
		t.Fatalf("heard %q", said)
	}
	h.says("two")
	b.publish()
	h.reads("1\n") // it hears, and is not heard
	other.reads("1\n")
	if len(heard) > 0 {
		t.Error("it was heard before the work was done")
	}
	close(release)
	if said := <-heard; said != "two" {
		t.Fatalf("heard %q", said)
	}
	_ = h.client.Close()
	h.want(fanout.Gone)
}

func TestWorkIsWaitedForAtTheEnd(t *testing.T) {
	e := newEngine(t)
	release, working := make(chan struct{}), make(chan struct{})
	var done atomic.Bool
	h := holdSocket(t, e, &reader{board: newBoard(), heard: func(said string) (fanout.Verdict, func()) {
		if said == "" {
			return fanout.Listening, nil
		}
		return fanout.Listening, func() { close(working); <-release; done.Store(true) }
	}}, fanout.Terms{})
	h.says("x")
	<-working
	closed := make(chan struct{})
	go func() { defer close(closed); e.Close() }()
	if _, err := h.client.Read(make([]byte, 1)); err == nil {
		t.Error("it is open still")
	}
	if len(h.ends) > 0 {
		t.Error("it has ended while it works")
	}
	close(release)
	<-closed
	if <-h.ends; !done.Load() {
		t.Error("nobody waited for the work")
	}
}

// A connection that is closed with unread bytes is reset, and what was written last
// is lost with it: so the engine ends its half and reads on.
func TestTheLastFrameReachesAClientThatIsStillSending(t *testing.T) {
	e := newEngine(t)
	defer e.Close()
	last := strings.Repeat("x", 1<<20)
	h := holdSocket(t, e, &reader{
		board:  newBoard(),
		heard:  func(string) (fanout.Verdict, func()) { return fanout.Finished, nil },
		expire: func() []byte { return []byte(last) },
	}, fanout.Terms{Linger: await.Patience})
	go func() {
		for junk := make([]byte, 4096); ; {
			if _, err := h.client.Write(junk); err != nil {
				return
			}
		}
	}()
	got, err := io.ReadAll(h.client)
	if err != nil || string(got) != last {
		t.Errorf("%d bytes of %d: %v", len(got), len(last), err)
	}
	_ = h.client.Close()
	h.want(fanout.Done)
}

func TestEarlyBytesAreHeardFirst(t *testing.T) {
	e := newEngine(t)
	defer e.Close()
	heard := make(chan string, 10)
	h := holdSocket(t, e, &reader{board: newBoard(), heard: func(said string) (fanout.Verdict, func()) {
		heard <- said
		return fanout.Listening, nil
	}}, fanout.Terms{Early: []byte("early")})
	if said := <-heard; said != "early" {
		t.Errorf("heard %q", said)
	}
	h.says("late")
	if said := <-heard; said != "late" {
		t.Errorf("heard %q", said)
	}
}

func TestWakeHasNextAsked(t *testing.T) {
	e := newEngine(t)
	defer e.Close()
	var over atomic.Bool
	asked := make(chan struct{}, 100)
	h := holdSocket(t, e, &reader{next: func() ([]byte, <-chan struct{}, bool) {
		asked <- struct{}{}
		if over.Load() {
			return []byte("over\n"), nil, true
		}
		return nil, nil, false
	}}, fanout.Terms{})
	<-asked
	over.Store(true)
	h.held.Wake()
	h.reads("over\n")
	h.want(fanout.Done)
	h.held.Wake() // which does nothing
}

// The number of a descriptor is given to the next connection as soon as it is
// closed. What is on its way to the first must never reach the second.
func TestAConnectionThatSomebodyClosesLeavesItsNumberToAnother(t *testing.T) {
	e, secret, public := newEngine(t), newBoard(), newBoard()
	defer e.Close()
	for range 200 {
		h := holdSocket(t, e, &reader{next: func() ([]byte, <-chan struct{}, bool) {
			version, changed := secret.latest()
			_ = version
			return []byte("secret"), changed, false
		}}, fanout.Terms{})
		h.reads("secret")
		_ = h.server.Close()
		other := holdSocket(t, e, &reader{board: public}, fanout.Terms{})
		secret.publish()
		public.publish()
		got := make([]byte, 1)
		if _, err := io.ReadFull(other.client, got); err != nil || got[0] == 's' {
			t.Fatalf("%q, %v", got, err)
		}
		_ = other.client.Close()
		other.want(fanout.Gone)
		h.wantOneOf(fanout.Gone, fanout.Stuck)
	}
}

func (h *socketed) wantOneOf(ends ...fanout.End) {
	h.t.Helper()
	got := <-h.ends
	for _, end := range ends {
		if got == end {
			return
		}
	}
	h.t.Fatalf("ended %v", got)
}

func TestDrainingSocketsSayGoodbyeAndCloseEndsThem(t *testing.T) {
	e, b := newEngine(t), newBoard()
	var all []*socketed
	for range 50 {
		all = append(all, holdSocket(t, e, &reader{board: b}, fanout.Terms{}))
	}
	b.publish()
	for _, h := range all {
		h.reads("1\n")
	}
	e.Drain(fanout.DrainSpread)
	for _, h := range all {
		h.reads("goodbye\n")
		h.want(fanout.Drained)
	}
	late := holdSocket(t, e, &reader{board: b}, fanout.Terms{})
	late.reads("1\n")
	e.Close()
	late.wantOneOf(fanout.Drained, fanout.Gone)
	after := holdSocket(t, e, &reader{board: b}, fanout.Terms{})
	after.want(fanout.Failed)
}

func TestAPanicOnASocketCostsItsOwnClientOnly(t *testing.T) {
	boom := func() { panic("boom") }
	for name, s := range map[string]*reader{
		"Next":  {next: func() ([]byte, <-chan struct{}, bool) { boom(); return nil, nil, false }},
		"Heard": {board: newBoard(), heard: func(string) (fanout.Verdict, func()) { boom(); return 0, nil }},
		"work":  {board: newBoard(), heard: func(string) (fanout.Verdict, func()) { return 0, boom }},
		"Beat":  {board: newBoard(), beat: func() ([]byte, bool) { boom(); return nil, false }},
		"Sent":  {next: func() ([]byte, <-chan struct{}, bool) { return []byte("x"), nil, false }, sent: boom},
	} {
		t.Run(name, func(t *testing.T) {
			var reported reports
			e, b := fanout.New(reported.add), newBoard()
			defer e.Close()
			other := holdSocket(t, e, &reader{board: b}, fanout.Terms{})
			h := holdSocket(t, e, s, fanout.Terms{Beat: time.Millisecond})
			if name == "Heard" || name == "work" {
				h.says("x")
			}
			h.want(fanout.Failed)
			b.publish()
			other.reads("1\n")
			if !strings.Contains(reported.String(), "boom") {
				t.Errorf("reported: %s", &reported)
			}
		})
	}
}

// Beats and holds end on sockets as well; how exactly is told where time is not
// real.
func TestASocketIsHeldForItsTimeAndHearsBeats(t *testing.T) {
	e := newEngine(t)
	defer e.Close()
	begin := time.Now()
	h := holdSocket(t, e, &reader{board: newBoard()}, fanout.Terms{Beat: 40 * time.Millisecond, Hold: 300 * time.Millisecond})
	got := make([]byte, 0, 100)
	for !bytes.HasSuffix(got, []byte("expired\n")) {
		more := make([]byte, 100)
		n, err := h.client.Read(more)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more[:n]...)
	}
	h.want(fanout.Done)
	if d := time.Since(begin); d < 250*time.Millisecond {
		t.Errorf("held for %v", d)
	}
	if n := bytes.Count(got, []byte("beat")); n < 1 || n > 20 {
		t.Errorf("%d beats: %q", n, got)
	}
}

func TestManySourcesWakeTheirOwn(t *testing.T) {
	const sources = 100
	e := newEngine(t)
	defer e.Close()
	var boards []*board
	var all []*socketed
	for range sources {
		b := newBoard()
		boards = append(boards, b)
		all = append(all, holdSocket(t, e, &reader{board: b}, fanout.Terms{}), holdSocket(t, e, &reader{board: b}, fanout.Terms{}))
	}
	for round := 1; round <= 3; round++ {
		for n, b := range boards {
			b.publish()
			for _, h := range all[2*n : 2*n+2] {
				h.reads(fmt.Sprintf("%d\n", round))
			}
		}
	}
	for _, h := range all {
		_ = h.client.SetReadDeadline(time.Unix(1, 0))
		if n, err := h.client.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("it heard what was not for it")
		}
	}
}

// A descriptor that no poller takes is served all the same.
func TestWhatIsNoSocketIsServed(t *testing.T) {
	e, b := newEngine(t), newBoard()
	defer e.Close()
	client, server := net.Pipe()
	ends := make(chan fanout.End, 1)
	e.Hold(opaque{server}, &reader{board: b}, fanout.Terms{}, func(end fanout.End) { ends <- end })
	b.publish()
	got := make([]byte, 2)
	if _, err := io.ReadFull(client, got); err != nil || string(got) != "1\n" {
		t.Errorf("%q, %v", got, err)
	}
	_ = client.Close()
	if end := <-ends; end != fanout.Gone {
		t.Errorf("ended %v", end)
	}
}

// opaque is a connection that gives no access to its socket, as that of TLS.
type opaque struct{ net.Conn }

func (opaque) SyscallConn() (syscall.RawConn, error) { return nil, net.ErrClosed }
