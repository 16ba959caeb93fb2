package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"time"
)

// queued is how many lines may wait to be written. Each is 4 KiB at most.
const queued = 4 << 10

// line is one of the access log, or a word to run.
type line struct {
	text    []byte
	out     *output
	retires bool // nothing more comes for out
	ends    bool // nothing more comes at all
}

// enqueuer is what a handler writes to, a line at a time.
type enqueuer struct {
	access *Access
	out    *output
}

// Write implements io.Writer. It does not block: what finds no place is dropped.
func (e *enqueuer) Write(p []byte) (int, error) {
	select {
	case e.access.queue <- line{text: bytes.Clone(p), out: e.out}:
	default:
		e.access.dropped.Add(1)
	}
	return len(p), nil
}

// send tells run something. It blocks while there is no place, until ctx ends.
func (a *Access) send(ctx context.Context, l line) {
	select {
	case a.queue <- l:
		return
	default:
	}
	select {
	case a.queue <- l:
	case <-a.done:
	case <-ctx.Done():
	}
}

// run owns the outputs. It writes what has come together, and what has come by
// itself at once.
func (a *Access) run() {
	defer close(a.done)
	w := &writer{access: a}
	for l := range a.queue {
		if l.ends {
			w.flush()
			return
		}
		w.take(l)
		if len(a.queue) == 0 {
			w.flush()
		}
	}
}

// writer belongs to run.
type writer struct {
	access *Access
	out    *output // what is in the buffer is for it
	buffer bufio.Writer
	lines  int64 // in the buffer
}

func (w *writer) take(l line) {
	if l.out != w.out {
		w.flush()
		w.out = l.out
		w.buffer.Reset(l.out)
	}
	if l.retires {
		w.flush()
		l.out.close()
		return
	}
	if w.buffer.Available() < len(l.text) {
		w.flush() // a line is not written in two halves
	}
	_, _ = w.buffer.Write(l.text)
	w.lines++
}

// flush writes what is in the buffer, and counts it.
func (w *writer) flush() {
	if w.lines == 0 {
		return
	}
	err := w.buffer.Flush()
	if err != nil {
		w.access.dropped.Add(w.lines)
		w.buffer.Reset(w.out) // which forgets the error
	} else {
		w.access.written.Add(w.lines)
	}
	w.lines = 0
	w.tell(err)
}

// tellPause is how often it is told at most: a disk may be full now and then.
const tellPause = 10 * time.Second

// tell tells of lines that cannot be written, and of the end of that.
func (w *writer) tell(err error) {
	switch o := w.out; {
	case err == nil && o.troubled:
		o.troubled = false
		w.access.log.Info("the access log is written again")
	case err == nil, o.troubled, errors.Is(err, fs.ErrClosed): // the last: of a policy that has retired
	case time.Since(o.told) >= tellPause:
		o.troubled, o.told = true, time.Now()
		w.access.log.Warn("the access log cannot be written: its lines are lost", "error", err)
	}
}
