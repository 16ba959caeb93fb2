package journal

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pollmux/pollmux/config"
)

// Access is the access log. Its methods may be called concurrently.
type Access struct {
	log            *slog.Logger // where run says that lines are lost
	stdout, stderr io.Writer
	queue          chan line
	done           chan struct{} // closed by run

	written, dropped, suppressed atomic.Int64
}

// Policy is which requests are logged, how and where to: what one configuration
// says. It is immutable. A nil Policy logs nothing.
type Policy struct {
	access  *Access
	sample  float64 // share of requests that are picked
	errors  *ration
	slow    time.Duration
	client  config.ClientAddress
	out     *output
	handler slog.Handler
}

// Lines says what became of the lines of the access log so far.
type Lines struct {
	Written    int64
	Dropped    int64 // because they could not be written, or not as fast as they came
	Suppressed int64 // because there were more errors than are logged
}

// NewAccess returns an access log, to which nothing is logged before there is a
// policy. It has to be closed. The writers must allow that others write as well. log is
// told when lines cannot be written.
func NewAccess(log *slog.Logger, stdout, stderr io.Writer) *Access {
	a := &Access{log: log, stdout: stdout, stderr: stderr, queue: make(chan line, queued), done: make(chan struct{})}
	go a.run() // waited for by Close
	return a
}

// Open returns the policy of a configuration, nil if nothing is logged by it. An
// error is that of its file.
func (a *Access) Open(c config.Log) (*Policy, error) {
	own := c.Access
	if own.Sample == 0 && !own.Errors && own.Slow == 0 {
		return nil, nil
	}
	out, err := a.open(own.Output)
	if err != nil {
		return nil, err
	}
	p := &Policy{access: a, sample: own.Sample, slow: own.Slow, client: own.Client, out: out}
	if own.Errors {
		p.errors = newRation(errorsPerSecond)
	}
	p.handler = newHandler(&enqueuer{access: a, out: out}, c.Format, slog.LevelInfo)
	return p, nil
}

// Retire ends a policy: what was logged by it is written, and its file closed. What
// is logged by it later is dropped. It blocks while the queue is full, until ctx ends:
// then nobody reads what is written, and the file stays open.
func (p *Policy) Retire(ctx context.Context) {
	if p != nil {
		p.access.send(ctx, line{out: p.out, retires: true})
	}
}

// Lines says what became of the lines so far.
func (a *Access) Lines() Lines {
	return Lines{Written: a.written.Load(), Dropped: a.dropped.Load(), Suppressed: a.suppressed.Load()}
}

// Close writes what was logged, until ctx ends. Nothing may be logged afterwards.
func (a *Access) Close(ctx context.Context) {
	select {
	case a.queue <- line{ends: true}:
	case <-ctx.Done():
		return // run is stuck in a write, and ends with the process
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
}

// Pick draws whether a request is logged whatever comes of it.
func (p *Policy) Pick() bool { return p != nil && p.sample > 0 && rand.Float64() < p.sample }

// MayWant reports whether a request that was not picked may be wanted.
func (p *Policy) MayWant() bool { return p != nil && (p.errors != nil || p.slow > 0) }

// Times reports whether it depends on how long a request took.
func (p *Policy) Times() bool { return p != nil && p.slow > 0 }

// Wants reports whether a request that was not picked is logged for what came of it.
// A client that was held took no time.
func (p *Policy) Wants(failed bool, took time.Duration) bool {
	switch {
	case p == nil:
		return false
	case p.slow > 0 && took >= p.slow:
		return true
	case !failed || p.errors == nil:
		return false
	case !p.errors.take(time.Now()):
		p.access.suppressed.Add(1)
		return false
	}
	return true
}

// Log logs a request. It does not block.
func (p *Policy) Log(e *Entry) {
	if p == nil {
		return
	}
	_ = p.handler.Handle(context.Background(), e.record(p.client)) // the enqueuer does not fail
}
