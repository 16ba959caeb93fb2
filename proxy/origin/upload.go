package origin

import (
	"bufio"
	"errors"
	"io"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"
)

// uploadChunk is how much of a body is read at once.
const uploadChunk = 32 << 10

// uploadGrace is how long the goroutine that wrote the last byte may take to
// say so after the answer to it has come.
const uploadGrace = 50 * time.Millisecond

// upload writes a request with a body while its response may already come.
type upload struct {
	exchange *exchange
	done     chan struct{} // closed by run
	err      error         // nil if the request was written to its last byte; valid after done
	cut      bool          // because its body failed by itself; valid after done

	abandoned atomic.Bool // nobody wants the rest of the body

	mu       sync.Mutex
	written  bool // the request has ended: the server has time to answer
	answered bool // the head has come: the read deadline is the reader's
	expected bool // who reads the answer waits for more of what it announced
}

func startUpload(x *exchange) *upload {
	u := &upload{exchange: x, done: make(chan struct{})}
	go u.run() // ended by end, or by itself
	return u
}

func (u *upload) run() {
	defer close(u.done)
	u.err = u.write()
	if u.cut = errors.Is(u.err, ErrRequestBody) && !u.abandoned.Load(); u.cut {
		// What was written is not a whole request. Without its end the
		// server cannot take it for one.
		u.exchange.interrupt()
		return
	}
	u.awaitAnswer()
}

// awaitAnswer starts the clock for the response's head, or for what is to come of
// one that began early. A server that stopped reading may have answered all the same.
func (u *upload) awaitAnswer() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.written = true; !u.answered || u.expected {
		u.exchange.allowRead()
	}
}

// expect is called before a read of what the answer has announced: its clock starts
// now, or else when the request has ended, while the read is under way.
func (u *upload) expect() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.expected = true; u.written {
		u.exchange.allowRead()
	}
}

func (u *upload) write() (err error) {
	defer recoverBody(&err)
	req := u.exchange.req
	buf := u.exchange.client.buffers.Get().(*[]byte)
	defer u.exchange.client.buffers.Put(buf)
	if err := u.send(req.Head); err != nil {
		return err
	}
	if req.Length >= 0 {
		return u.copyFixed(*buf, req.Length)
	}
	return u.copyChunked(*buf)
}

// copyFixed writes exactly length bytes.
func (u *upload) copyFixed(buf []byte, length int64) error {
	for length > 0 {
		n, err := u.exchange.req.Body.Read(buf[:min(int64(len(buf)), length)])
		if n > 0 {
			if err := u.send(buf[:n]); err != nil {
				return err
			}
		}
		if length -= int64(n); err != nil && length > 0 {
			return BodyError(noEOF(err))
		}
	}
	return nil
}

// copyChunked writes the body in chunks. Only a body that ended well gets its
// last chunk (CORRECTNESS H-16).
func (u *upload) copyChunked(buf []byte) error {
	bw := bufio.NewWriterSize(writerFunc(u.send), len(buf)+64)
	chunks := httputil.NewChunkedWriter(bw)
	for {
		n, err := u.exchange.req.Body.Read(buf)
		if n > 0 {
			if _, err := chunks.Write(buf[:n]); err != nil {
				return err
			}
			if err := bw.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return BodyError(err)
		}
	}
	if err := chunks.Close(); err != nil {
		return err
	}
	if u.exchange.req.Trailer != nil {
		_, _ = bw.Write(u.exchange.req.Trailer())
	}
	_, _ = bw.WriteString("\r\n")
	return bw.Flush()
}

// send writes to the server, within the timeout.
func (u *upload) send(p []byte) error {
	u.exchange.conn.allowWrites(after(time.Now(), u.exchange.req.Timeout))
	_, err := u.exchange.conn.Write(p)
	return err
}

// headSeen is told that the final head has come. An answer that is no success
// before the upload has ended means that the server does not want the rest.
func (u *upload) headSeen(status int) {
	u.mu.Lock()
	u.answered = true
	u.mu.Unlock()
	if status >= 300 {
		u.end(true)
	}
}

// end stops the upload, in a moment if it may be about to end by itself, and
// reports whether it was complete.
func (u *upload) end(wait bool) bool {
	if wait && !u.isDone() {
		grace := time.NewTimer(uploadGrace)
		defer grace.Stop()
		select {
		case <-u.done:
		case <-grace.C:
		}
	}
	if !u.isDone() {
		u.stop()
	}
	return u.err == nil
}

func (u *upload) isDone() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// stop ends a pending read of the client's body or write to the server, and
// waits.
func (u *upload) stop() {
	u.abandoned.Store(true)
	u.exchange.conn.endWrites()
	u.exchange.req.abandon(u.done)
}

// writerFunc makes a Writer of a function that writes all or fails.
type writerFunc func([]byte) error

func (f writerFunc) Write(p []byte) (int, error) {
	if err := f(p); err != nil {
		return 0, err
	}
	return len(p), nil
}
