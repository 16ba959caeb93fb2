package feed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pollmux/pollmux/proxy/schedule"
)

// Dispatcher gives the feeds of an upstream with a budget their turns to poll, and
// whoever else asks the origin something on pollmux's behalf. Its methods may be
// called concurrently.
type Dispatcher struct {
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
	lifted chan struct{} // closed by Lift

	mu              sync.Mutex
	pacer           *schedule.Pacer // guarded by mu
	timer           *time.Timer     // to the next turn that nothing but time brings
	turns, refusals int64           // given and answered so
	closed          bool
}

// turn is whose turn it is.
type turn interface {
	// granted says that a request begins now. It must not block.
	granted()

	// resting says to one that is waited for that it will not come before the origin
	// has been left alone for a while. It must not block.
	resting()
}

// NewDispatcher returns one for so many requests a second. log is told of panics.
// It has a goroutine until
// Close.
func NewDispatcher(perSecond float64, log *slog.Logger) *Dispatcher {
	ctx, cancel := context.WithCancel(context.Background())
	d := &Dispatcher{log: log, cancel: cancel, done: make(chan struct{}), lifted: make(chan struct{}), pacer: schedule.NewPacer(perSecond, rand.Float64), timer: time.NewTimer(time.Hour)}
	go d.run(ctx) // waited for by Close
	return d
}

// Close ends the goroutine. Nobody gets a turn any more.
func (d *Dispatcher) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.cancel()
	<-d.done
}

// Lift is Close where there is no budget any more: who waits for a turn needs none. It is
// called once.
func (d *Dispatcher) Lift() {
	close(d.lifted)
	d.Close()
}

func (d *Dispatcher) run(ctx context.Context) {
	defer close(d.done)
	for {
		select {
		case <-d.timer.C:
			d.do(func(time.Time) {})
		case <-ctx.Done():
			return
		}
	}
}

// do changes something about the schedule, and gives out the turns that are due. A
// fault in that costs the turns of a moment, not the feed that happens to be here.
func (d *Dispatcher) do(change func(now time.Time)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("the dispatcher panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			d.timer.Reset(time.Second)
		}
	}()
	now := time.Now()
	change(now)
	for !d.closed {
		it, at := d.pacer.Next(now)
		switch {
		case it != nil:
			d.turns++
			it.Owner.(turn).granted()
			continue
		case !at.IsZero():
			d.timer.Reset(at.Sub(now))
		}
		return
	}
}

// SetRate gives out so many turns a second from now on. What was learned stays.
func (d *Dispatcher) SetRate(perSecond float64) {
	d.do(func(now time.Time) { d.pacer.SetRate(perSecond, now) })
}

// Turn waits for a turn that is none of a feed's, before those that nobody waits
// for. It returns what has to be called when the request is over, with how long the
// answer took, or 0 if there was none. It fails with ErrResting if the origin comes to
// want to be left alone, or with the error of ctx.
func (d *Dispatcher) Turn(ctx context.Context) (over func(took time.Duration), err error) {
	own := visitor{turn: make(chan struct{}, 1), rest: make(chan struct{}, 1)}
	var it *schedule.Item
	d.do(func(now time.Time) {
		if it = d.pacer.Visitor(own); d.pacer.Budget().IsResting(now) {
			own.resting()
			return
		}
		d.pacer.Ask(it)
	})
	select {
	case <-d.lifted:
		d.leave(it)
		return func(time.Duration) {}, nil
	case <-own.turn:
		return func(took time.Duration) { d.landed(it, schedule.Outcome{Took: took}) }, nil
	case <-own.rest:
		err = ErrResting
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.do(func(now time.Time) { d.pacer.Leave(it, now) })
	return nil, err
}

// visitor is told of its turn once.
type visitor struct{ turn, rest chan struct{} }

func (v visitor) granted() { v.turn <- struct{}{} }

func (v visitor) resting() {
	select {
	case v.rest <- struct{}{}:
	default:
	}
}

// item returns a feed's place in the schedule, and its interval until more is
// known.
func (d *Dispatcher) item(f *Feed) (it *schedule.Item, interval time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	it = d.pacer.Item(f, f.policy().terms())
	return it, it.Interval()
}

// renew has a feed go on at another pace of its route.
func (d *Dispatcher) renew(it *schedule.Item, t schedule.Terms) (interval time.Duration) {
	d.do(func(now time.Time) {
		d.pacer.Renew(it, t, now)
		interval = it.Interval()
	})
	return interval
}

func (d *Dispatcher) schedule(it *schedule.Item, subscribers int64, notBefore time.Time, urgent bool) {
	d.do(func(now time.Time) { d.pacer.Schedule(it, subscribers, notBefore, urgent, now) })
}

func (d *Dispatcher) rest(it *schedule.Item) { d.do(func(time.Time) { d.pacer.Rest(it) }) }

func (d *Dispatcher) ask(it *schedule.Item) { d.do(func(time.Time) { d.pacer.Ask(it) }) }

func (d *Dispatcher) decline(it *schedule.Item) {
	d.do(func(now time.Time) {
		d.turns--
		d.pacer.Return(it, now)
	})
}

func (d *Dispatcher) leave(it *schedule.Item) {
	d.do(func(now time.Time) { d.pacer.Leave(it, now) })
}

func (d *Dispatcher) landed(it *schedule.Item, o schedule.Outcome) (interval time.Duration) {
	d.do(func(now time.Time) {
		d.pacer.Landed(it, o, now)
		interval = it.Interval()
	})
	return interval
}

// refused takes in that the origin refused a request that began then as one too
// many, and wants to be left alone for a while.
func (d *Dispatcher) refused(began, rest time.Time) {
	d.do(func(now time.Time) {
		d.refusals++
		d.pacer.Overloaded(began, now)
		if d.pacer.Budget().Rest(rest); rest.After(now) {
			for it := range d.pacer.Asked() {
				it.Owner.(turn).resting()
			}
		}
	})
}

// State says how things are: the schedule, how many turns were used, and how many of
// these requests were refused as too many.
func (d *Dispatcher) State() (s schedule.State, turns, refusals int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pacer.State(time.Now()), d.turns, d.refusals
}
