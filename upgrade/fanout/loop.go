package fanout

import (
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// loop serves one session. It belongs to the goroutine that runs it; listen
// runs in another and only reports to heard.
type loop struct {
	engine  *Engine
	conn    net.Conn
	session Session
	heard   chan error // what Listen returned
	deaf    bool       // that was received

	beat, hold, leave *time.Timer
}

// listen reports when the client leaves or speaks.
func (l *loop) listen() {
	defer func() {
		if r := recover(); r != nil {
			l.engine.report(fmt.Errorf("panic while listening to a held connection: %v", r))
			l.heard <- net.ErrClosed
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

func (l *loop) run(t Terms) End {
	l.hold = newTimer(t.Hold)
	l.beat = newTimer(jittered(t.Beat))
	draining := l.engine.draining
	for {
		changed, end, over := l.catchUp(t)
		if over {
			return l.linger(t, end)
		}
		select {
		case <-changed:
		case err := <-l.heard:
			return l.spoken(err)
		case <-channel(l.beat):
			if end, over := l.sendBeat(t); over {
				return end
			}
		case <-channel(l.hold):
			return l.linger(t, l.write(l.session.Expire(), Done))
		case <-draining:
			draining, l.leave = nil, stagger()
		case <-channel(l.leave):
			return l.linger(t, l.write(l.session.Leave(), Drained))
		}
	}
}

// spoken ends the session of a client that left, or that said something.
func (l *loop) spoken(err error) End {
	l.deaf = true
	if err != nil {
		return Gone
	}
	return l.write(l.session.Expire(), Done)
}

// linger waits for the client to take its leave as well, if it was written to
// and the terms want it.
func (l *loop) linger(t Terms, end End) End {
	if t.Linger <= 0 || l.deaf || end != Done && end != Drained {
		return end
	}
	timer := time.NewTimer(t.Linger)
	defer timer.Stop()
	select {
	case <-l.heard:
		l.deaf = true
	case <-timer.C:
	}
	return end
}

// catchUp writes until the session has nothing more to say, or the client has
// left.
func (l *loop) catchUp(t Terms) (changed <-chan struct{}, end End, over bool) {
	for {
		frame, changed, last := l.session.Next()
		if len(frame) == 0 {
			return changed, Done, last
		}
		if end := l.write(frame, Done); end != Done {
			return nil, end, true
		}
		l.session.Sent()
		if last {
			return nil, Done, true
		}
		if !t.Steady {
			resetTimer(l.beat, jittered(t.Beat))
		}
		select {
		case err := <-l.heard:
			return nil, l.spoken(err), true
		default:
		}
	}
}

func (l *loop) sendBeat(t Terms) (end End, over bool) {
	frame, last := l.session.Beat()
	end = l.write(frame, Done)
	resetTimer(l.beat, jittered(t.Beat))
	if last && end == Done {
		end = Gone
	}
	return end, last || end != Done
}

// write returns good, or Stuck if the client does not take the bytes.
func (l *loop) write(frame []byte, good End) End {
	if len(frame) == 0 {
		return good
	}
	if _, err := l.conn.Write(frame); err != nil {
		return Stuck
	}
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
