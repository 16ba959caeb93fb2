package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxInterim bounds the interim responses before a final one.
const maxInterim = 32

// smallBody is the largest body that is read whole and sent with its head.
const smallBody = 8 << 10

// exchange is one request and its response on one connection.
type exchange struct {
	client *Client
	conn   *conn
	req    *Request
	ctx    context.Context
	detach func() bool // keeps ctx from interrupting the connection; false: too late

	upload *upload // nil if the request was written whole at once
	wrote  int     // bytes of it that were written at once
	read   int     // bytes of an answer that were seen
	keep   bool    // the connection may carry another exchange

	finish sync.Once
}

func (c *Client) exchange(ctx context.Context, cn *conn, req *Request) *exchange {
	x := &exchange{client: c, conn: cn, req: req, ctx: ctx}
	x.detach = sync.OnceValue(context.AfterFunc(ctx, cn.interrupt))
	return x
}

// run sends the request and reads the response's head. On an error the
// connection is closed.
func (x *exchange) run() (*Response, error) {
	resp, err := x.roundTrip()
	if err != nil {
		x.end(false)
		if x.upload != nil && x.upload.err != nil && errors.Is(x.upload.err, ErrRequestBody) {
			err = x.upload.err
		}
		return nil, err
	}
	return resp, nil
}

func (x *exchange) roundTrip() (*Response, error) {
	if err := x.send(); err != nil {
		return nil, err
	}
	h, err := x.readFinal()
	if err != nil {
		return nil, err
	}
	return x.respond(h)
}

// send writes the request, or starts to.
func (x *exchange) send() error {
	first := x.req.Head
	if x.req.Body != nil && (x.req.Length < 0 || x.req.Length > smallBody) {
		x.upload = startUpload(x)
		return nil
	}
	if x.req.Body != nil && x.req.Length > 0 {
		first = append(make([]byte, 0, len(first)+int(x.req.Length)), first...)
		first = first[:cap(first)]
		if _, err := io.ReadFull(x.req.Body, first[len(x.req.Head):]); err != nil {
			return fmt.Errorf("%w: %w", ErrRequestBody, err)
		}
	}
	x.allow(x.conn.SetDeadline, x.req.Timeout)
	n, err := x.conn.Write(first)
	if x.wrote = n; err != nil {
		return readError(err)
	}
	return nil
}

// allow moves a deadline; a timeout of 0 takes it away. The end of ctx, which
// interrupts the connection through the same deadlines, has the last word.
func (x *exchange) allow(set func(time.Time) error, timeout time.Duration) {
	var deadline time.Time
	if timeout > 0 {
		deadline = time.Now().Add(timeout)
	}
	_ = set(deadline)
	if x.ctx.Err() != nil {
		x.conn.interrupt()
	}
}

// readFinal reads heads up to the first that is not interim.
func (x *exchange) readFinal() (*head, error) {
	for range maxInterim {
		h, err := x.readHead()
		if err != nil || h.status >= 200 || h.status == 101 {
			return h, err
		}
		if h.status != 100 && x.req.Interim != nil {
			x.req.Interim(h.status, h.header)
		}
	}
	return nil, fmt.Errorf("%w: %d interim responses", ErrMalformed, maxInterim)
}

func (x *exchange) readHead() (*head, error) {
	if _, err := x.conn.br.Peek(1); err != nil {
		return nil, readError(err)
	}
	x.read++
	h, err := readHead(x.conn.br)
	if err != nil {
		return nil, readError(err)
	}
	return h, nil
}

// respond turns the final head into a response.
func (x *exchange) respond(h *head) (*Response, error) {
	if h.status == 101 {
		return x.upgraded(h)
	}
	length, keep, err := h.framing(x.req.Method)
	if err != nil {
		return nil, err
	}
	x.keep = keep
	x.noteKeepAlive(h)
	if x.upload != nil {
		x.upload.headSeen(h.status)
	}
	x.allow(x.conn.SetReadDeadline, 0)
	resp := &Response{Status: h.status, HTTP10: h.http10, Sloppy: h.sloppy, Header: h.header, Length: length, exchange: x}
	resp.Body = newBody(x, resp, length)
	return resp, nil
}

// upgraded hands over the connection. A 101 that nobody asked for would leave
// a tunnel in the pool.
func (x *exchange) upgraded(h *head) (*Response, error) {
	if !x.req.Upgrade {
		return nil, fmt.Errorf("%w: 101 to a request without Upgrade", ErrMalformed)
	}
	x.allow(x.conn.SetDeadline, 0)
	resp := &Response{Status: h.status, Header: h.header, exchange: x}
	resp.Tunnel = &Tunnel{Conn: x.conn.Conn, br: x.conn.br}
	return resp, nil
}

// noteKeepAlive keeps in mind how long the server keeps an idle connection.
func (x *exchange) noteKeepAlive(h *head) {
	for param := range h.header.Tokens("Keep-Alive") {
		if value, ok := strings.CutPrefix(strings.ToLower(param), "timeout="); ok {
			if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 && seconds < 1e6 {
				x.conn.limit = time.Duration(seconds) * time.Second
			}
		}
	}
}

// end gives the connection back, or closes it, exactly once. A context that
// could not be kept from interrupting the connection may still do so: then it
// is closed.
func (x *exchange) end(complete bool) {
	x.finish.Do(func() {
		detached := x.detach()
		uploaded := x.upload == nil || x.upload.end()
		if complete && uploaded && x.keep && detached {
			x.client.pool.put(x.conn)
			return
		}
		_ = x.conn.Close()
	})
}
