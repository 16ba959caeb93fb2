package origin

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"sync"
	"time"
)

// Client sends requests to one server over connections of its own. Its methods
// may be called concurrently.
type Client struct {
	pool    *pool
	buffers sync.Pool // *[]byte of uploadChunk bytes
	spare   sync.Pool // *exchange, of responses that were recycled
}

// NewClient returns a client of the server of an http or https URL. A nil
// config means the system's roots.
func NewClient(server *url.URL, config *tls.Config) *Client {
	return &Client{
		pool:    newPool(server, config),
		buffers: sync.Pool{New: func() any { b := make([]byte, uploadChunk); return &b }},
		spare:   sync.Pool{New: func() any { return new(exchange) }},
	}
}

// Close closes the idle connections. Exchanges under way go on, and so do later
// ones, each on a connection of its own.
func (c *Client) Close() { c.pool.close() }

// Reach makes a connection to the server and keeps it for later. Its error says
// why there is none.
func (c *Client) Reach(ctx context.Context) error {
	cn, err := c.pool.dial(ctx, 0)
	if err == nil {
		c.pool.put(cn)
	}
	return err
}

// Do sends the request, once, and waits for the head of its response, whose
// Body must be closed. The end of ctx interrupts whatever is under way, reading
// the body included, until [Response.Detach].
//
// Errors are one of this package's, or the cause of ctx; see also [Unsent].
func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	if ctx.Err() != nil {
		return nil, unsent{readError(context.Cause(ctx))}
	}
	whole, err := req.whole(ctx)
	if err != nil {
		return nil, unsent{err}
	}
	wrote := 0
	for now := time.Now(); ; {
		cn := c.pool.take(now, whole != nil)
		if cn == nil {
			break
		}
		x := c.exchange(ctx, cn, req, now)
		resp, err := x.run(whole)
		if err == nil || !x.repeatable(err) {
			return resp, err
		}
		if wrote = cn.wrote; !errors.Is(err, errDirty) {
			break
		}
	}
	cn, err := c.pool.dial(ctx, req.Timeout)
	if err != nil && wrote == 0 {
		return nil, unsent{err}
	}
	if err != nil {
		return nil, err
	}
	return c.exchange(ctx, cn, req, time.Now()).run(whole)
}
