package fanout

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// errPanic is what is heard of work that panicked.
var errPanic = errors.New("panic")

// hearing is how much is read at once from a client that has a goroutine for
// it. Clients say little.
const hearing = 512

// sound is what was read from a client, or why nothing more can be. It is empty
// after work.
type sound struct {
	bytes []byte
	err   error
}

// ear reads from a client in a goroutine of its own, and waits for the answer to
// each sound before it reads on. An error is the last sound.
type ear struct {
	conn    net.Conn
	early   []byte // was read before, and is the first sound
	heard   chan sound
	answers chan func() // work, or nil
	quit    chan struct{}
	done    chan struct{} // closed by listen
}

func newEar(c net.Conn, early []byte) *ear {
	return &ear{conn: c, early: early, heard: make(chan sound), answers: make(chan func()), quit: make(chan struct{}), done: make(chan struct{})}
}

func (e *ear) listen(report func(error)) {
	defer close(e.done)
	defer func() {
		if r := recover(); r != nil {
			report(fmt.Errorf("panic while listening to a held connection: %v", r))
			e.heard <- sound{err: errPanic}
		}
	}()
	if len(e.early) > 0 && !e.utter(sound{bytes: e.early}) {
		return
	}
	for buf := make([]byte, hearing); ; {
		n, err := e.conn.Read(buf)
		if n > 0 {
			err = nil // it comes again
		}
		if !e.utter(sound{buf[:n], err}) {
			return
		}
	}
}

// utter waits for the answer to a sound, unless it is the last.
func (e *ear) utter(s sound) bool {
	e.heard <- s
	return s.err == nil && e.await()
}

// await does the work that is asked for. It reports false if nobody listens any
// more.
func (e *ear) await() bool {
	for {
		select {
		case work := <-e.answers:
			if work == nil {
				return true
			}
			work()
			e.heard <- sound{}
		case <-e.quit:
			return false
		}
	}
}

// answer has the ear go on, after work if there is some.
func (e *ear) answer(work func()) { e.answers <- work }

// stop interrupts listen, waits for it and returns what was read by then, and
// nothing for work that was done. Work is waited for.
func (e *ear) stop() (sounds [][]byte) {
	_ = e.conn.SetReadDeadline(time.Unix(1, 0))
	defer func() { _ = e.conn.SetReadDeadline(time.Time{}) }()
	close(e.quit)
	for {
		select {
		case s := <-e.heard:
			if s.err == nil {
				sounds = append(sounds, s.bytes)
			}
		case <-e.done:
			return sounds
		}
	}
}
