package fanout_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// taker takes lines one by one, as a WebSocket's messages are: each is work.
type taker struct {
	reader
	step chan struct{} // lets the work of one line go on

	pending string

	mu    sync.Mutex
	lines []string
}

func newTaker(b *board) *taker {
	k := &taker{step: make(chan struct{}, 100)}
	k.reader.board, k.reader.heard = b, k.take
	return k
}

func (k *taker) take(said string) (fanout.Verdict, func()) {
	line, rest, whole := strings.Cut(k.pending+said, "\n")
	if !whole {
		k.pending = line
		return fanout.Listening, nil
	}
	k.pending = rest
	return fanout.Listening, func() {
		k.mu.Lock()
		k.lines = append(k.lines, line)
		k.mu.Unlock()
		<-k.step
	}
}

func (k *taker) taken() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.lines, " ")
}

// What a client has said before it left was received, and the client may have
// thought that enough. That it cannot be written to any more changes nothing.
func TestWhatAClientSaidBeforeItLeftIsHeardOut(t *testing.T) {
	for name, c := range map[string]struct {
		behind string // what is said behind the first line, in a segment of its own
		leave  func(net.Conn)
	}{
		"closes":               {"two\nthree\n", func(c net.Conn) { _ = c.Close() }},
		"resets":               {"two\nthree\n", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }},
		"resets, all was read": {"", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEngine(t), newBoard()
			defer e.Close()
			k := newTaker(b)
			h := holdSocket(t, e, k, fanout.Terms{Linger: await.Patience, Beat: time.Millisecond})
			first := "one\n"
			if c.behind == "" {
				first = "one\ntwo\nthree\n"
			}
			h.says(first)
			await.Until(t, "the first line is taken", func() bool { return k.taken() == "one" })
			h.says(c.behind)
			c.leave(h.client)
			for range 5 { // each is a write, the first of which has the client's system say that it is gone
				b.publish()
				time.Sleep(5 * time.Millisecond)
			}
			for range 3 {
				k.step <- struct{}{}
			}
			h.want(fanout.Gone)
			if got := k.taken(); got != "one two three" {
				t.Errorf("took %q", got)
			}
		})
	}
}

// A client that takes nothing is given up, but what it said is taken.
func TestWhatAStuckClientSaidIsTaken(t *testing.T) {
	e, b := newEngine(t), newBoard()
	defer e.Close()
	k := newTaker(b)
	k.next = func() ([]byte, <-chan struct{}, bool) {
		_, changed := b.latest()
		if k.taken() == "" {
			return nil, changed, false
		}
		return make([]byte, 1<<20), nil, false
	}
	client, server := socketPair(t)
	_ = server.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // for who has no shard
	ends := make(chan fanout.End, 1)
	e.Hold(server, k, fanout.Terms{Stall: 50 * time.Millisecond}, func(end fanout.End) { ends <- end })
	if _, err := client.Write([]byte("one\ntwo\nthree\n")); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the first line is taken", func() bool { return k.taken() == "one" })
	b.publish()
	time.Sleep(200 * time.Millisecond)
	for range 3 {
		k.step <- struct{}{}
	}
	if end := <-ends; end != fanout.Stuck {
		t.Errorf("ended %v", end)
	}
	if got := k.taken(); got != "one two three" {
		t.Errorf("took %q", got)
	}
}
