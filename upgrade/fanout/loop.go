package fanout

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// loop serves one session in goroutine mode: a goroutine of its own writes, and
// another reads and hands what it got to the first.
type loop struct {
	engine  *Engine
	conn    net.Conn
	session Session
	terms   Terms
	woken   chan struct{} // room for one
	ear     *ear

	// The goroutine that runs it has these.
	finished          bool // nothing that the client sends counts
	failed            bool // the session, or its work, did
	beat, hold, leave *time.Timer
}

// attend serves a connection in goroutines of its own.
func (e *Engine) attend(c net.Conn, s Session, t Terms, ended func(End)) Held {
	l := &loop{engine: e, conn: c, session: s, terms: t, woken: make(chan struct{}, 1), ear: newEar(c, t.Early)}
	if r, ok := s.(Resting); ok {
		r.NoRest()
	}
	if !e.enlist(c) {
		_ = c.Close()
	}
	go l.serve(ended) // waited for by Close
	return l
}

// enlist has Close close the connection. It reports false if that is over.
func (e *Engine) enlist(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns[c] = struct{}{}
	return !e.closed.Load()
}

// Wake implements Held.
func (l *loop) Wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

func (l *loop) serve(ended func(End)) {
	end := l.guarded()
	l.release(end)
	l.engine.tell(l.conn, ended, end)
}

// release gives the connection away, or closes it.
func (l *loop) release(end End) {
	l.engine.mu.Lock()
	delete(l.engine.conns, l.conn)
	l.engine.mu.Unlock()
	if end != Done {
		_ = l.conn.Close()
	}
}

// guarded runs the session. A panic in it costs its own client only.
func (l *loop) guarded() (end End) {
	defer func() {
		if r := recover(); r != nil {
			l.engine.report(fmt.Errorf("panic in a held connection: %v", r))
			end = Failed
		}
	}()
	defer l.stop()
	go l.ear.listen(l.engine.report) // waited for by stop
	l.failed = true                  // if it panics
	end = l.run()
	l.failed = end == Failed
	return end
}

// stop interrupts the listening and waits for it. What was read by then, the
// session hears of, and does: the client may have thought that enough.
func (l *loop) stop() {
	stopTimer(l.beat)
	stopTimer(l.hold)
	stopTimer(l.leave)
	for _, sound := range l.ear.stop() {
		for !l.finished && !l.failed {
			verdict, work := l.session.Heard(sound)
			if l.finished = verdict == Finished; work == nil || l.engine.closed.Load() {
				break
			}
			work()
			sound = nil
		}
	}
}

func (l *loop) run() End {
	l.hold = newTimer(l.terms.Hold)
	l.beat = newTimer(jittered(l.terms.Beat))
	draining := l.engine.draining
	for {
		changed, end, over := l.next()
		if over {
			return l.linger(end)
		}
		select {
		case <-changed:
		case <-l.woken:
		case s := <-l.ear.heard:
			if end, over := l.hear(s); over {
				return end
			}
		case <-channel(l.beat):
			if end, over := l.sendBeat(); over {
				return end
			}
		case <-channel(l.hold):
			return l.finish(l.session.Expire, Done)
		case <-draining:
			draining, l.leave = nil, time.NewTimer(l.engine.leaveIn())
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

// hear lets the session know what the client said, which may end it.
func (l *loop) hear(s sound) (end End, over bool) {
	if s.err != nil {
		return l.unheard(s.err), true
	}
	verdict, work := l.session.Heard(s.bytes)
	l.finished = verdict == Finished
	switch l.ear.answer(work); verdict {
	case Spoken, Finished:
		return l.linger(l.write(l.session.Expire(), Done)), true
	case Tiresome:
		return Gone, true
	}
	return Done, false
}

// unheard is how a session ends whose client cannot be read from.
func (l *loop) unheard(err error) End {
	if errors.Is(err, errPanic) {
		return Failed
	}
	return Gone
}

// finish ends the session with its last words, behind what the client has yet to
// see.
func (l *loop) finish(words func() []byte, good End) End {
	if _, end, over := l.next(); over {
		return l.linger(end)
	}
	return l.linger(l.write(words(), good))
}

// linger waits for the client to take its leave as well, if the terms want it. One
// that cannot be written to any more is heard out.
func (l *loop) linger(end End) End {
	if l.terms.Linger <= 0 || end == Stuck || end == Failed {
		return end
	}
	timer := time.NewTimer(l.terms.Linger)
	defer timer.Stop()
	if !l.hangUp() {
		return end
	}
	for {
		select {
		case s := <-l.ear.heard:
			if s.err != nil || !l.hearOut(s.bytes) {
				return end
			}
		case <-timer.C:
			return end
		}
	}
}

// hearOut hears what a client says that was told goodbye. It reports false if
// there is no more use in it.
func (l *loop) hearOut(p []byte) bool {
	var work func()
	if !l.finished {
		var verdict Verdict
		verdict, work = l.session.Heard(p)
		if l.finished = verdict == Finished; verdict == Tiresome || !l.hangUp() {
			return false
		}
	}
	l.ear.answer(work)
	return true
}

// hangUp ends our half of the connection, once the client is finished: one that
// is closed with unread bytes is reset, and what was written last is lost. It
// reports false if there is nothing more to wait for.
func (l *loop) hangUp() bool {
	if !l.finished {
		return true
	}
	half, ok := l.conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

func (l *loop) sendBeat() (end End, over bool) {
	frame, last := l.session.Beat()
	switch end = l.write(frame, Done); {
	case end == Gone:
		end = l.linger(end)
	case end == Done && last:
		end = Gone
	}
	resetTimer(l.beat, jittered(l.terms.Beat))
	return end, end != Done
}

// write returns good, or how it failed: the client left, or does not take the
// bytes.
func (l *loop) write(frame []byte, good End) End {
	if len(frame) == 0 {
		return good
	}
	_, err := l.conn.Write(frame)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Stuck
	case err != nil:
		return Gone
	}
	l.session.Sent()
	return good
}
