package proxy

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pollmux/pollmux/testdata/await"
	"github.com/pollmux/pollmux/testdata/legacy"
)

const (
	// patience is how long one question may take: to connect, to be answered
	// and to be read, each within the timeout, on a machine that is busy.
	patience = 3*timeout + busy

	// pace is the interval of the ordeals' feed.
	pace = 100 * time.Millisecond

	// recovery is how long it takes until a held client hears of the origin
	// again: two intervals and a Retry-After of two seconds, or a poll that
	// hangs; and the machine's time.
	recovery = 2*pace + 2*time.Second + busy

	// busy is what a slow machine takes besides; with it, patience is still less
	// than the shortest timeout that is not of the ordeals.
	busy = 6 * time.Second
)

// TestThroughEveryOrdealEveryClientIsServedOrToldSo holds a client of every
// transport through each ordeal, has others ask meanwhile, and counts the writes
// where they arrive. Nobody waits for longer than the timeouts, nobody gets what
// is not his, no write is lost or repeated, and when it is over, everybody has
// the current version soon, and nothing is left behind.
func TestThroughEveryOrdealEveryClientIsServedOrToldSo(t *testing.T) {
	t.Run("what is started once", func(t *testing.T) { newRig(t).get("/") })
	await.Goroutines(t)
	files := descriptors()
	sideBySide(t, ordeals(), undergo)
	await.Until(t, "the descriptors are closed", func() bool { return descriptors() <= files })
}

func undergo(t *testing.T, _ string, o ordeal) {
	r := newOrdealRig(t)
	held := holding(t, r)
	writes := &writes{sent: map[string]bool{}}
	askAll(t, r, writes) // connections that were used before are the dangerous ones
	o.begin(t, r)
	for range 2 {
		askAll(t, r, writes)
	}
	o.end(t, r)
	r.body(after)
	ended := time.Now()
	for _, h := range held {
		select {
		case <-h.current:
		case err := <-h.ended:
			t.Errorf("%s: %v", h.name, err)
		case <-time.After(time.Until(ended.Add(recovery))):
			t.Errorf("%s is not current after %v", h.name, recovery)
		}
	}
	askAll(t, r, writes)
	for _, h := range held {
		_ = h.conn.Close()
	}
	for what, once := range writes.sent {
		switch n := r.arrived(what); {
		case n > 1:
			t.Errorf("%s arrived %d times", what, n)
		case once && n != 1:
			t.Errorf("%s was answered 2xx, and did not arrive", what)
		}
	}
	r.eventually("nobody is held", func() bool { return r.proxy.waiting() == 0 && r.connections() == 0 })
}

// newOrdealRig is a proxy with a feed, another one whose sockets write, and
// everything else passed through.
func newOrdealRig(t *testing.T) *rig {
	origin := legacy.NewFaulty(legacy.Answer{}, nil)
	if err := origin.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(origin.Close)
	r := newRigFor(t, origin, strings.NewReplacer("ORIGIN", origin.URL(), "TIMEOUT", timeout.String(), "PACE", pace.String()).Replace(`
limits: {snapshot: 1MiB}
upstreams:
  api: {servers: ["ORIGIN"], timeout: TIMEOUT}
routes:
  - path: /feed
    upstream: api
    interval: PACE
  - path: /chat
    upstream: api
    interval: PACE
    websocket: {send: {method: POST, path: /orders}}
  - {path: /**, upstream: api, mode: pass}
`))
	r.body(before)
	return r
}

// writes are those that were sent, by what they said, and whether they were
// answered 2xx.
type writes struct {
	mu    sync.Mutex
	sent  map[string]bool
	count atomic.Int64
}

func (w *writes) note(what string, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[what] = accepted
}

// askAll has each of those who ask do so, all at once.
func askAll(t *testing.T, r *rig, w *writes) {
	t.Helper()
	var clients sync.WaitGroup
	for name, q := range asking() {
		clients.Go(func() {
			n := int(w.count.Add(1))
			begin := time.Now()
			answer := q.ask(r, n)
			if err := q.check(answer); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begin); took > patience {
				t.Errorf("%s: it took %v", name, took)
			}
			w.note(order(n), answer.status/100 == 2 && q.write)
		})
	}
	clients.Wait()
}

// descriptors is how many files the process has open; 0 where that cannot be
// seen.
func descriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open)
}
