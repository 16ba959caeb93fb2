package fanout

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// errPanic is what listen reports of a Listen that panicked.
var errPanic = errors.New("panic")

// loop serves one session. It belongs to the goroutine that runs it; listen
// runs in another and only reports to heard.
type loop struct {
	engine  *Engine
	conn    net.Conn
	session Session
	terms   Terms
	heard   chan error // what Listen returned
	deaf    bool       // that was received

	beat, hold, leave *time.Timer
}

// listen reports when the client leaves or speaks.
func (l *loop) listen() {
	defer func() {
		if r := recover(); r != nil {
			l.engine.report(fmt.Errorf("panic while listening to a held connection: %v", r))
			l.heard <- errPanic
		}
	}()
	l.heard <- l.session.Listen(l.conn)
}

// stop interrupts listen and waits for it.
func (l *loop) stop() {
	if !l.deaf {
		_ = l.conn.SetReadDeadline(time.Unix(1, 0))
		<-l.heard
	}
	_ = l.conn.SetReadDeadline(time.Time{})
	stopTimer(l.beat)
	stopTimer(l.hold)
	stopTimer(l.leave)
}

func (l *loop) run() End {
	go l.listen() // waited for by stop
	l.hold = newTimer(l.terms.Hold)
	l.beat = newTimer(jittered(l.terms.Beat))
	draining, wake := l.engine.draining, l.terms.Wake
	for {
		changed, end, over := l.next()
		if over {
			return l.linger(end)
		}
		select {
		case <-changed:
		case <-wake:
			wake = nil
		case err := <-l.heard:
			return l.spoken(err)
		case <-channel(l.beat):
			if end, over := l.sendBeat(); over {
				return end
			}
		case <-channel(l.hold):
			return l.finish(l.session.Expire, Done)
		case <-draining:
			draining, l.leave = nil, stagger()
		case <-channel(l.leave):
			return l.finish(l.session.Leave, Drained)
		}
	}
}

// next writes what the session has to say now, one frame. A source that never
// rests must not keep the loop from the client or the clock, so it goes round
// after each.
func (l *loop) next() (changed <-chan struct{}, end End, over bool) {
	frame, changed, last := l.session.Next()
	if len(frame) == 0 {
		return changed, Done, last
	}
	if end := l.write(frame, Done); end != Done || last {
		return nil, end, true
	}
	if !l.terms.Steady {
		resetTimer(l.beat, jittered(l.terms.Beat))
	}
	return l.engine.always, Done, false
}

// finish ends the session with its last words, behind what the client has yet to
// see.
func (l *loop) finish(words func() []byte, good End) End {
	if _, end, over := l.next(); over {
		return l.linger(end)
	}
	return l.linger(l.write(words(), good))
}

// spoken ends the session of a client that left, or that said something.
func (l *loop) spoken(err error) End {
	l.deaf = true
	switch {
	case errors.Is(err, errPanic):
		return Failed
	case err != nil:
		return Gone
	}
	return l.linger(l.write(l.session.Expire(), Done))
}

// linger waits for the client to take its leave as well, if it was written to
// and the terms want it.
func (l *loop) linger(end End) End {
	if l.terms.Linger <= 0 || end != Done && end != Drained {
		return end
	}
	timer := time.NewTimer(l.terms.Linger)
	defer timer.Stop()
	for {
		if l.deaf {
			l.deaf = false
			go l.listen() // waited for by stop
		}
		select {
		case err := <-l.heard:
			if l.deaf = true; err != nil {
				return end
			}
		case <-timer.C:
			return end
		}
	}
}

func (l *loop) sendBeat() (end End, over bool) {
	frame, last := l.session.Beat()
	if end = l.write(frame, Done); last && end == Done {
		end = Gone
	}
	resetTimer(l.beat, jittered(l.terms.Beat))
	return end, end != Done
}

// write returns good, or Stuck if the client does not take the bytes.
func (l *loop) write(frame []byte, good End) End {
	if len(frame) == 0 {
		return good
	}
	if _, err := l.conn.Write(frame); err != nil {
		return Stuck
	}
	l.session.Sent()
	return good
}

// jittered takes up to a fifth off, so that clients that came together do not
// beat together.
func jittered(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d - rand.N(d/5+1)
}

// newTimer returns nil for no time at all.
func newTimer(d time.Duration) *time.Timer {
	if d <= 0 {
		return nil
	}
	return time.NewTimer(d)
}

func resetTimer(t *time.Timer, d time.Duration) {
	if t != nil {
		t.Reset(d)
	}
}

func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// channel returns nil, on which nobody waits for anything, for no timer.
func channel(t *time.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}
