package upgrade_test

import (
	"sync"
	"time"

	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

var someTime = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// fake is a source that says what it is told.
type fake struct {
	mu      sync.Mutex
	state   *upgrade.State
	changed chan struct{}
	version uint64
}

func (f *fake) Latest() *upgrade.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// newFake returns a source whose first version has this body.
func newFake(body string) *fake {
	f := &fake{changed: make(chan struct{})}
	f.state = &upgrade.State{Changed: f.changed}
	if body != "" {
		f.publish(json(body))
	}
	return f
}

// say makes a state the current one and wakes.
func (f *fake) say(s upgrade.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.changed
	f.changed = make(chan struct{})
	if s.Changed = f.changed; s.Ended != nil {
		s.Changed = nil
	}
	f.state = &s
	close(old)
}

// publish makes an update the next version.
func (f *fake) publish(u upgrade.Update) *upgrade.Update {
	f.version++
	u.Version = f.version
	next := upgrade.NewUpdate(u)
	f.say(upgrade.State{Update: next})
	return next
}

func (f *fake) stale(reason string) { f.say(upgrade.State{Update: f.Latest().Update, Stale: reason}) }
func (f *fake) live()               { f.say(upgrade.State{Update: f.Latest().Update}) }
func (f *fake) end(why error)       { f.say(upgrade.State{Update: f.Latest().Update, Ended: why}) }

// json is an update's content.
func json(body string) upgrade.Update { return content(200, "application/json", body) }

func content(status int, kind, body string) upgrade.Update {
	tag := upgrade.HashTag(status, kind, []byte(body))
	return upgrade.Update{
		ETag: tag, ID: "id-" + tag[4:14], Status: status, Type: kind, Body: []byte(body),
		Date: "Thu, 29 Feb 2024 12:00:00 GMT", Vary: "Accept", Polled: someTime, Received: someTime,
	}
}

func updateOf(kind, body string) *upgrade.Update {
	u := content(200, kind, body)
	u.Version = 1
	return upgrade.NewUpdate(u)
}

// told collects what a session says until it has nothing more to say. It waits for
// what is encoded aside.
func told(s fanout.Session) (said []byte, last bool) {
	for {
		frame, changed, last := s.Next()
		if a, ok := s.(interface{ Awaits() bool }); ok && a.Awaits() {
			<-changed
			continue
		}
		said = append(said, frame...)
		if len(frame) > 0 {
			s.Sent()
		}
		if last || len(frame) == 0 {
			return said, last
		}
	}
}

// counter counts deliveries.
type counter struct {
	mu       sync.Mutex
	versions []uint64
}

func (c *counter) delivered(u *upgrade.Update) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions = append(c.versions, u.Version)
}

func (c *counter) all() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]uint64(nil), c.versions...)
}
