package demo

import (
	"context"
	"sync"
	"time"
)

// Setting is how often is polled.
type Setting struct {
	// Clients is the pace of those who poll.
	Clients Interval `json:"clients"`

	// Pollmux is the pace at which the proxy polls for everybody.
	Pollmux Interval `json:"pollmux"`
}

// holding is a setting and the context in which it holds. It is immutable.
type holding struct {
	Setting
	since time.Time
	ctx   context.Context // ends when another setting holds
	end   context.CancelFunc
}

// knob is where the setting is read and changed.
type knob struct {
	ctx context.Context // in which any setting holds

	mu  sync.Mutex
	now *holding
}

// newKnob begins with the setting that shows most: clients that poll now and
// then, and a proxy that can afford to poll more often than any of them.
func newKnob(ctx context.Context) *knob {
	k := &knob{ctx: ctx}
	k.turnLocked(Setting{Clients: "2s", Pollmux: "500ms"})
	return k
}

// read returns the setting that holds.
func (k *knob) read() *holding {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// turn makes another setting hold. What change leaves alone stays.
func (k *knob) turn(change func(*Setting)) Setting {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.now.Setting
	change(&next)
	if next != k.now.Setting {
		k.now.end()
		k.turnLocked(next)
	}
	return next
}

func (k *knob) turnLocked(s Setting) {
	ctx, end := context.WithCancel(k.ctx)
	k.now = &holding{Setting: s, since: time.Now(), ctx: ctx, end: end}
}
