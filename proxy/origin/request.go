package origin

import (
	"context"
	"fmt"
	"io"
	"time"
)

// smallBody is the largest body that is read whole and sent with its head.
const smallBody = 8 << 10

// Request is what goes to the server, byte for byte.
type Request struct {
	Method string

	// Head is the whole head: request line, fields, framing and the empty
	// line. Behind it may stand a body, if Body is nil.
	Head []byte

	// Body follows the head; nil if there is none. It is read by another
	// goroutine, until the response's body is closed at the latest.
	Body io.Reader

	// Length is how many bytes Body has, negative if it goes out in chunks,
	// as Head must say.
	Length int64

	// Trailer returns the field lines that end a chunked body, once Body has
	// been read to its end. May be nil.
	Trailer func() []byte

	// Abandon ends a pending Read of Body, when nobody wants the rest any
	// more. It may be called more than once, and while nothing is read. Needed
	// with a Body.
	Abandon func()

	// Timeout bounds each of these: making a connection, a write, the time from
	// the end of the request to the head of the response, and each wait for more
	// of a body that has a length.
	Timeout time.Duration

	// Repeat allows a second attempt, on a new connection, if a connection
	// that was used before closes without a byte of an answer. For safe
	// methods without a Body only.
	Repeat bool

	// Safe says that the request changes nothing, so that another server may be asked
	// if one breaks without an answer. A Body has to be an io.Seeker for that. Payer,
	// if there is one, is asked before.
	Safe  bool
	Payer Payer

	// Affinity has requests with the same one go to the same server, as long as that
	// is well and has not much more to do than others; 0: to whichever has least.
	Affinity uint64

	// From is the server whose validators Head is conditional on. Any other one is
	// sent Elsewhere in its place; nil: Head.
	From      *Server
	Elsewhere []byte

	// Upgrade expects a 101, which is an error otherwise.
	Upgrade bool

	// Interim is called with each interim response but a 100, before Do
	// returns, and may not keep the header. May be nil: they are dropped.
	Interim func(status int, header Header)
}

// Payer pays for requests. Its method must not block.
type Payer interface {
	// AskAgain reports whether a request may be sent to a second server although a
	// first one may have got it, and counts that.
	AskAgain() bool
}

// ready returns the whole request if it can be written at once, and fails if its time
// is over before anything was sent.
func (r *Request) ready(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, unsent{readError(context.Cause(ctx))}
	}
	whole, err := r.whole(ctx)
	if err != nil {
		return nil, unsent{err}
	}
	return whole, nil
}

// whole returns the whole request if it can be written at once, nil if its body
// is too large for that. A small body is waited for here, before there is a
// connection: one that was clean when its client began to send might not be so
// when it has.
func (r *Request) whole(ctx context.Context) ([]byte, error) {
	if r.Body == nil {
		return r.Head, nil
	}
	if r.Length < 0 || r.Length > smallBody {
		return nil, nil
	}
	whole := make([]byte, len(r.Head)+int(r.Length))
	if err := r.readWhole(ctx, whole[copy(whole, r.Head):]); err != nil {
		if ctx.Err() != nil {
			return nil, readError(context.Cause(ctx))
		}
		return nil, err
	}
	return whole, nil
}

// readWhole reads the body, and gives up when ctx ends.
func (r *Request) readWhole(ctx context.Context, body []byte) (err error) {
	done := make(chan struct{})
	defer close(done)
	defer context.AfterFunc(ctx, func() { r.abandon(done) })()
	defer recoverBody(&err)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return BodyError(noEOF(err))
	}
	return nil
}

// abandon ends a pending Read of the body and waits until the reader is done.
// A body may set a deadline of its own before each Read, so it may have to be
// told twice.
func (r *Request) abandon(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
			r.Abandon()
		}
		select {
		case <-done:
		case <-time.After(time.Millisecond):
		}
	}
}

// BodyError says that the client's body is why a request was cut.
func BodyError(err error) error { return fmt.Errorf("%w: %w", ErrRequestBody, err) }

// recoverBody makes an error of a panic in the client's body, to be deferred.
func recoverBody(err *error) {
	if v := recover(); v != nil {
		*err = BodyError(fmt.Errorf("panic: %v", v))
	}
}
