package admin

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/upgrade"
)

const (
	// livePace is the time between two glances, for each routesPerPace that there
	// are: a thousand routes take 20 ms to look at.
	livePace      = time.Second
	routesPerPace = 200
)

// live is what the dashboard is fed with: the source of an event stream, served by
// the same code as the clients' own. Glances are taken while somebody looks, once
// for all who do.
type live struct {
	tick    func(now time.Time) // called once in livePace, whoever looks
	glance  func(now time.Time) *glance
	log     *slog.Logger
	wanted  chan chan<- struct{} // closed once there is a glance that is new
	stopped chan struct{}        // closed by stop
	state   atomic.Pointer[upgrade.State]
	viewers atomic.Int64

	// run has these.
	changed chan struct{} // of state
	version uint64
	due     time.Time // of the next glance
}

func newLive(tick func(time.Time), look func(time.Time) *glance, log *slog.Logger) *live {
	l := &live{tick: tick, glance: look, log: log, wanted: make(chan chan<- struct{}), stopped: make(chan struct{})}
	l.tell(upgrade.State{})
	return l
}

// Latest implements upgrade.Source.
func (l *live) Latest() *upgrade.State { return l.state.Load() }

// run looks after everything until stop is called.
func (l *live) run() {
	ticker := time.NewTicker(livePace)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			l.guarded(func() { l.round(now) })
		case seen := <-l.wanted:
			l.guarded(func() { l.glimpse(time.Now()) })
			close(seen)
		case <-l.stopped:
			l.tell(upgrade.State{Ended: upgrade.ErrClosed})
			return
		}
	}
}

// stop ends run and the streams. It is to be called once.
func (l *live) stop() { close(l.stopped) }

// fresh waits for a glance that is new. What there is may be as old as the last
// viewer's leaving.
func (l *live) fresh() {
	seen := make(chan struct{})
	select {
	case l.wanted <- seen:
		<-seen
	case <-l.stopped:
	}
}

// guarded costs a glance if it panics.
func (l *live) guarded(do func()) {
	defer func() {
		if r := recover(); r != nil {
			l.log.Error("the dashboard was not told", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	do()
}

func (l *live) round(now time.Time) {
	l.tick(now)
	switch {
	case l.viewers.Load() == 0:
		if l.Latest().Update != nil {
			l.tell(upgrade.State{}) // it would be old when somebody comes
		}
	case !now.Before(l.due):
		l.look(now)
	}
}

// glimpse takes a glance for somebody who comes, unless there is one of just now:
// who comes and goes all the time is not to make it dear.
func (l *live) glimpse(now time.Time) {
	if u := l.Latest().Update; u == nil || now.Sub(u.Received) >= livePace/4 {
		l.look(now)
	}
}

// look takes a glance.
func (l *live) look(now time.Time) {
	g := l.glance(now)
	pace := livePace * time.Duration(1+len(g.Stats.Routes)/routesPerPace)
	g.PaceSeconds = pace.Seconds()
	l.due = now.Add(pace - livePace/2) // the ticker is not that exact
	body, err := json.Marshal(g)
	if err != nil {
		l.log.Error("the dashboard cannot be told", "error", err)
		return
	}
	l.version++
	l.tell(upgrade.State{Update: upgrade.NewUpdate(upgrade.Update{
		Version: l.version, Status: 200, Type: "application/json", Body: body, Polled: now, Received: now,
	})})
}

// tell puts a state in the place of the one before it.
func (l *live) tell(s upgrade.State) {
	superseded := l.changed
	l.changed = nil
	if s.Ended == nil {
		l.changed = make(chan struct{})
	}
	s.Changed = l.changed
	l.state.Store(&s)
	if superseded != nil {
		close(superseded)
	}
}
