package origin

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/url"
	"os"
	"sync"
	"time"
)

// Client sends requests to one server over connections of its own. Its methods
// may be called concurrently.
type Client struct {
	pool    *pool
	buffers sync.Pool // *[]byte of uploadChunk bytes
}

// NewClient returns a client of the server of an http or https URL. A nil
// config means the system's roots.
func NewClient(server *url.URL, config *tls.Config) *Client {
	return &Client{
		pool:    newPool(server, config),
		buffers: sync.Pool{New: func() any { b := make([]byte, uploadChunk); return &b }},
	}
}

// Close closes the idle connections. Exchanges under way go on.
func (c *Client) Close() { c.pool.close() }

// Reach makes a connection to the server and keeps it for later. Its error says
// why there is none.
func (c *Client) Reach(ctx context.Context) error {
	cn, err := c.pool.dial(ctx)
	if err == nil {
		c.pool.put(cn)
	}
	return err
}

// Request is what goes to the server, byte for byte.
type Request struct {
	Method string

	// Head is the whole head: request line, fields, framing and the empty
	// line.
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

	// Abandon ends a pending Read of Body, when the server has answered
	// without wanting the rest. Needed with a Body.
	Abandon func()

	// Timeout bounds the time from the end of the request to the head of the
	// response, and each write.
	Timeout time.Duration

	// Repeat allows a second attempt, on a new connection, if a connection
	// that was used before closes without a byte of an answer. For safe
	// methods without a Body only.
	Repeat bool

	// Upgrade expects a 101, which is an error otherwise.
	Upgrade bool

	// Interim is called with each interim response but a 100, before Do
	// returns. May be nil: they are dropped.
	Interim func(status int, header Header)
}

// Do sends the request, once, and waits for the head of its response, whose
// Body must be closed. The end of ctx interrupts whatever is under way, reading
// the body included, until [Response.Detach].
//
// Errors are one of this package's, or the cause of ctx.
func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	cn, used, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	x := c.exchange(ctx, cn, req)
	resp, err := x.run()
	if err == nil || !used || !x.repeatable(err) {
		return resp, x.cause(err)
	}
	if cn, err = c.pool.dial(ctx); err != nil {
		return nil, err
	}
	x = c.exchange(ctx, cn, req)
	resp, err = x.run()
	return resp, x.cause(err)
}

// connect returns a connection, and whether it was used before.
func (c *Client) connect(ctx context.Context) (cn *conn, used bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, readError(err)
	}
	if cn = c.pool.take(); cn != nil {
		return cn, true, nil
	}
	cn, err = c.pool.dial(ctx)
	return cn, false, err
}

// repeatable reports whether the request may be sent again: no byte of it left,
// or it is safe and the server closed the connection without a word, as servers
// do with idle ones.
func (x *exchange) repeatable(err error) bool {
	if x.ctx.Err() != nil || x.upload != nil || x.wrote > 0 && x.req.Body != nil {
		return false
	}
	silence := x.read == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
	return x.wrote == 0 && x.req.Body == nil || x.req.Repeat && silence
}

// cause prefers why ctx ended to what its end did to the connection.
func (x *exchange) cause(err error) error {
	if err != nil && x.ctx.Err() != nil {
		return readError(context.Cause(x.ctx))
	}
	return err
}
