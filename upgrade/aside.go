package upgrade

import (
	"sync/atomic"

	"github.com/pollmux/pollmux/upgrade/coding"
)

// dear is from which size on a body is encoded aside: to compress 8 MiB takes up to
// half a second, in which whoever serves the client serves nobody else.
const dear = 64 << 10

// encoding names one of a version's encodings. Of a long poll's answer, it is the
// body.
type encoding struct {
	transport Transport
	coding    coding.Coding
	deflated  bool // of a WebSocket
}

// errand is an encoding that is being made in a goroutine of its own.
type errand struct {
	done     chan struct{}
	panicked atomic.Pointer[any] // nil if it did not, or somebody was told
}

// aside has an encoding made by who waits for nothing else, if that may take a
// while. The channel is closed when it is there; nil if it was when asked for, or
// is made as fast as that. A panic in it is that of whoever asks next.
func (u *Update) aside(e encoding, make func()) (made <-chan struct{}) {
	if len(u.Body) < dear {
		return nil
	}
	x, begun := u.frames.errand(e, make)
	if begun {
		return x.done
	}
	select {
	case <-x.done:
	default:
		return x.done
	}
	if r := x.panicked.Swap(nil); r != nil {
		panic(*r)
	}
	return nil
}

// errand begins an errand, once.
func (f *frames) errand(e encoding, work func()) (x *errand, begun bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x = f.errands[e]; x != nil {
		return x, false
	}
	x = &errand{done: make(chan struct{})}
	if f.errands == nil {
		f.errands = map[encoding]*errand{}
	}
	f.errands[e] = x
	go x.run(work) // ends by itself, and has nothing but the version
	return x, true
}

func (x *errand) run(work func()) {
	defer close(x.done)
	defer func() {
		if r := recover(); r != nil {
			x.panicked.Store(&r)
		}
	}()
	work()
}

// awaited is the version whose encoding a client waits for; nil if it does not.
type awaited struct{ update *Update }

// next is what the client is to be told of u, the newest, or when to ask again: one
// that has waited for the encoding of another version gets that first, as it would
// never get any from a source that changes faster.
func (a *awaited) next(u *Update, aside func(*Update) <-chan struct{}) (now *Update, made <-chan struct{}) {
	if a.update != nil {
		u = a.update
	}
	if made = aside(u); made != nil {
		a.update = u
		return nil, made
	}
	a.update = nil
	return u, nil
}

// aside makes what the stream's client is sent of an update.
func (s *Stream) aside(u *Update) <-chan struct{} {
	if f := s.flow; f != nil {
		return u.aside(encoding{transport: s.kind, coding: f.coding}, func() { u.fragment(s.kind, f.press, f.coding) })
	}
	t := s.encoding(u)
	return u.aside(encoding{transport: t}, func() { u.frame(t) })
}

// aside makes what the long poll's client is sent of an update, but for what is
// copied only.
func (p *LongPoll) aside(u *Update) <-chan struct{} {
	c := u.candidate(p.accepted)
	if c == coding.Identity {
		return nil
	}
	return u.aside(encoding{transport: Longpoll, coding: c}, func() { u.coded(c) })
}

// aside makes what the socket's client is sent of an update.
func (s *Socket) aside(u *Update) <-chan struct{} {
	press := s.press
	return u.aside(encoding{transport: WebSocket, deflated: press != nil}, func() { u.message(press) })
}
