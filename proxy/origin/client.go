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
	load    *load
}

// NewClient returns a client of the server of an http or https URL. A nil
// config means the system's roots.
func NewClient(server *url.URL, config *tls.Config) *Client {
	return newClient(server, config, newNames(server.Hostname()), new(load))
}

// newClient is NewClient where several share the server's addresses, and its load.
func newClient(server *url.URL, config *tls.Config, names *names, load *load) *Client {
	return &Client{
		pool:    newPool(server, config, names),
		buffers: sync.Pool{New: func() any { b := make([]byte, uploadChunk); return &b }},
		spare:   sync.Pool{New: func() any { return new(exchange) }},
		load:    load,
	}
}

// Close closes the idle connections. Exchanges under way go on, and so do later
// ones, each on a connection of its own.
func (c *Client) Close() { c.pool.close() }

// Reach makes a connection to the server and keeps it for later. Its error says
// why there is none.
func (c *Client) Reach(ctx context.Context) error {
	cn, err := c.dial(ctx, 0)
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
	whole, err := req.ready(ctx)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, req, whole, req.Timeout)
}

// send is Do from where the request is ready, of which whole is all or nothing. To
// connect may take so long; 0 is as long as it likes.
func (c *Client) send(ctx context.Context, req *Request, whole []byte, connect time.Duration) (*Response, error) {
	wrote := 0
	for now := time.Now(); ; {
		cn := c.pool.take(now, whole != nil)
		if cn == nil {
			break
		}
		x := c.exchange(ctx, cn, req, now)
		resp, err := x.run(whole)
		switch {
		case err == nil:
			return resp, nil
		case !x.repeatable(err):
			return nil, x.tell(err)
		}
		if wrote = cn.wrote; !errors.Is(err, errDirty) {
			break
		}
	}
	cn, err := c.dial(ctx, connect)
	if err != nil {
		return nil, undialed(ctx, err, wrote)
	}
	x := c.exchange(ctx, cn, req, time.Now())
	resp, err := x.run(whole)
	if err != nil && wrote == 0 {
		err = x.tell(err)
	}
	return resp, err
}

// undialed says what it means that no connection could be made, after so many bytes
// of the request were written to another.
func undialed(ctx context.Context, err error, wrote int) error {
	switch {
	case wrote == 0:
		return unsent{err}
	case ctx.Err() == nil:
		return unanswered{error: err}
	}
	return err
}

// dial makes a connection.
func (c *Client) dial(ctx context.Context, timeout time.Duration) (*conn, error) {
	c.load.Add(1)
	defer c.load.Add(-1)
	return c.pool.dial(ctx, timeout)
}
