package feed

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/upgrade"
)

// Tracer may record what becomes of polls. Its methods must not block.
type Tracer interface {
	// Poll is called when a poll of a feed begins. cause is what the client that
	// caused it said (AskFor); nil if there is none. It returns nil unless the poll
	// is recorded.
	Poll(f *Feed, cause any, began time.Time) PollTrace
}

// PollTrace is a poll that is recorded.
type PollTrace interface {
	// End is called once.
	End(PollEnd)

	// Fanout is called before End, when there is a new version for so many
	// subscribers.
	Fanout(began time.Time, subscribers int64) FanoutTrace
}

// PollEnd is what became of a poll.
type PollEnd struct {
	Status      int            // 0 if there is no answer
	From        *origin.Server // that answered; nil if there is only one
	Bytes       int            // of its body
	Changed     bool
	Subscribers int64
	Err         error
}

// FanoutTrace is the way of a version to subscribers that is recorded.
type FanoutTrace interface {
	// End is called once, with when the last of those had it who got it, and how
	// many these are.
	End(last time.Time, delivered int64)
}

// fanout follows a version to its subscribers, until all have it or there is
// another answer of the origin. Its methods may be called concurrently.
type fanout struct {
	trace     FanoutTrace
	began     time.Time
	version   uint64
	want      int64
	delivered atomic.Int64
	last      atomic.Int64 // since began
	over      atomic.Bool
}

// Delivered is told of each update that was written to a subscriber.
func (f *Feed) Delivered(u *upgrade.Update) {
	if t := f.fanout.Load(); t != nil && t.version == u.Version {
		t.note()
	}
}

func (t *fanout) note() {
	now := int64(time.Since(t.began))
	for last := t.last.Load(); now > last && !t.last.CompareAndSwap(last, now); last = t.last.Load() {
	}
	if t.delivered.Add(1) == t.want {
		t.end()
	}
}

func (t *fanout) end() {
	if t != nil && t.over.CompareAndSwap(false, true) {
		t.trace.End(t.began.Add(time.Duration(t.last.Load())), t.delivered.Load())
	}
}

// targetOf is the target in a request's head.
func targetOf(head []byte) string {
	_, rest, _ := bytes.Cut(head, []byte{' '})
	target, _, _ := bytes.Cut(rest, []byte{' '})
	return string(target)
}

// traced has a poll recorded that begins.
func (f *Feed) traced(fl *flight) {
	if f.spec.Tracer == nil {
		return
	}
	var cause any
	if fl.starter != nil {
		cause = fl.starter.cause
	}
	fl.trace = f.spec.Tracer.Poll(f, cause, fl.began)
}

// traceFanout has the way of a new version recorded.
func (f *Feed) traceFanout(fl *flight, version uint64, received time.Time) {
	if n := f.subscribers.Load(); fl.trace != nil && n > 0 {
		f.fanout.Store(&fanout{trace: fl.trace.Fanout(received, n), began: received, version: version, want: n})
	}
}

// endFanout ends what is recorded of the version before.
func (f *Feed) endFanout() { f.fanout.Swap(nil).end() }

// traceEnd ends what is recorded of a poll.
func (f *Feed) traceEnd(fl *flight, l landing, changed bool) {
	if fl.trace == nil {
		return
	}
	end := PollEnd{Bytes: len(l.body), Changed: changed, Subscribers: f.subscribers.Load(), Err: l.err}
	if l.response != nil {
		end.Status, end.From = l.response.Status, l.response.From
	}
	fl.trace.End(end)
}
