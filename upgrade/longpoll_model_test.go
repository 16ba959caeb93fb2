package upgrade_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pollmux/pollmux/upgrade"
)

// poller is a client that polls again and again with the last tag, as the proxy
// serves it. It lives in a goroutine of its own.
type poller struct {
	source upgrade.Source
	wake   chan struct{} // polls
	left   chan struct{} // the client closes the connection

	mu     sync.Mutex
	have   string // the last tag
	parked bool
	polls  int
}

// run serves polls until there are no more.
func (p *poller) run() {
	for range p.wake {
		p.poll()
	}
}

// poll is what proxy.hold and the engine do with one.
func (p *poller) poll() {
	p.mu.Lock()
	have := p.have
	p.polls++
	p.mu.Unlock()
	u := p.source.Latest().Update
	if have == "" || !u.NotModified([]byte(have), nil) {
		p.got(u)
		return
	}
	var sent *upgrade.Update
	session := upgrade.NewLongPoll(p.source, upgrade.LongPollOptions{Have: u, Delivered: func(u *upgrade.Update) { sent = u }})
	for {
		frame, changed, last := session.Next()
		if last {
			if len(frame) == 0 {
				panic("an empty answer")
			}
			if session.Sent(); sent != nil {
				p.got(sent)
			}
			return
		}
		p.park(true)
		select {
		case <-changed:
			p.park(false)
		case <-p.left:
			p.park(false)
			return
		}
	}
}

func (p *poller) got(u *upgrade.Update) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.have = ""
	if u.Status == 200 {
		p.have = u.ETag
	}
}

func (p *poller) park(parked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parked = parked
}

func (p *poller) now() (have string, parked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.have, p.parked
}

// The oracle is trivial: when nothing moves any more, whoever is parked has what
// the source says. Contents come back, so tags do; states change without a new
// version; clients come and go.
func TestNobodyIsParkedOnAnOldVersion(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { model(t, rand.New(rand.NewPCG(seed, 1)), 5000) })
		})
	}
}

func model(t *testing.T, random *rand.Rand, steps int) {
	source := newFake("0")
	pollers := make([]*poller, 5)
	var running sync.WaitGroup
	for i := range pollers {
		pollers[i] = &poller{source: source, wake: make(chan struct{}, 1), left: make(chan struct{})}
		running.Go(pollers[i].run)
	}
	for step := range steps {
		p := pollers[random.IntN(len(pollers))]
		switch random.IntN(10) {
		case 0, 1:
			source.publish(json(fmt.Sprint(random.IntN(3))))
		case 2:
			source.publish(content([]int{204, 404, 410}[random.IntN(3)], "", ""))
		case 3:
			source.stale("the origin cannot be reached")
		case 4:
			source.live()
		case 5: // the client leaves
			select {
			case p.left <- struct{}{}:
			default:
			}
		default:
			select {
			case p.wake <- struct{}{}:
			default: // it waits already
			}
		}
		if random.IntN(4) != 0 {
			continue // the next step overlaps with this one
		}
		synctest.Wait()
		u := source.Latest().Update
		for i, p := range pollers {
			if have, parked := p.now(); parked && have != u.ETag {
				t.Fatalf("step %d: client %d is parked on %s, the source says %s", step, i, have, u.ETag)
			}
		}
	}
	// One more version wakes all of them.
	synctest.Wait()
	end := source.publish(json("the end"))
	synctest.Wait()
	polls := 0
	for i, p := range pollers {
		if have, parked := p.now(); parked && have != end.ETag {
			t.Errorf("client %d was not woken", i)
		}
		close(p.wake)
		polls += p.polls
	}
	source.end(upgrade.ErrClosed)
	running.Wait()
	if polls < steps/10 {
		t.Errorf("only %d polls in %d steps", polls, steps)
	}
}

// The same at full speed, on all processors, for the race detector: the last
// version reaches everybody, and nobody hangs.
func TestEveryPollerEndsUpWithTheLastVersion(t *testing.T) {
	source := newFake("0")
	const versions = 20000
	last := upgrade.HashTag(200, "application/json", []byte("the end"))
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			p := &poller{source: source, left: make(chan struct{})}
			for p.have != last {
				p.poll()
			}
		})
	}
	running.Go(func() {
		for n := range versions {
			if source.publish(json(fmt.Sprint(n % 3))); n%16 == 0 {
				source.stale("x")
				source.live()
			}
		}
		source.publish(json("the end"))
	})
	running.Wait()
}
