package origin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxInterim bounds the interim responses before a final one.
const maxInterim = 32

// exchange is one request and its response on one connection.
type exchange struct {
	client *Client
	conn   *conn
	req    *Request
	ctx    context.Context
	began  time.Time

	response Response
	body     body
	fields   Header // room for those of the response

	upload *upload // nil if the request was written whole at once
	read   int     // heads of an answer that began
	told   bool    // an interim one was passed on
	keep   bool    // the connection may carry another exchange

	verdict func(error) // has the server judged by what came of the body; nil: it was by the head
	judged  sync.Once

	finish    sync.Once
	detaching sync.Once
	leash     *Leash      // ctx, if it is one
	unleash   func() bool // else: keeps ctx from interrupting the connection
	detached  bool        // it did
}

func (c *Client) exchange(ctx context.Context, cn *conn, req *Request, now time.Time) *exchange {
	cn.wrote = 0
	c.load.Add(1) // until end, or that it is a tunnel
	x := c.spare.Get().(*exchange)
	*x = exchange{client: c, conn: cn, req: req, ctx: ctx, began: now, fields: x.fields}
	if leash, ok := ctx.(*Leash); ok {
		x.leash = leash
		leash.hold(x)
	} else {
		x.unleash = context.AfterFunc(ctx, x.interrupt)
	}
	return x
}

// run sends the request, of which whole is all or nothing, and reads the
// response's head. On an error the connection is closed.
func (x *exchange) run(whole []byte) (resp *Response, err error) {
	defer func() {
		if resp == nil {
			x.end(false) // after a panic in Interim, too
		}
	}()
	if err := x.send(whole); err != nil {
		return nil, x.fail(err)
	}
	h, err := x.readFinal()
	if err != nil {
		return nil, x.fail(err)
	}
	if resp, err = x.respond(&h); err != nil {
		return nil, x.fail(err)
	}
	return resp, nil
}

// send writes the request, or starts to.
func (x *exchange) send(whole []byte) (err error) {
	if whole == nil {
		x.upload = startUpload(x)
		return nil
	}
	x.conn.allow(after(x.began, x.req.Timeout))
	if x.conn.direct {
		x.conn.owed = whole // goes out when the answer is read
		return nil
	}
	x.conn.wrote, err = x.conn.Write(whole)
	return err
}

// readFinal reads heads up to the first that is not interim. What is sloppy in
// one is wrong with the connection.
func (x *exchange) readFinal() (h head, err error) {
	for range maxInterim {
		sloppy := h.sloppy
		if h, err = x.readHead(); err != nil {
			return h, err
		}
		h.sloppy = cmp.Or(sloppy, h.sloppy)
		if h.status >= 200 || h.status == 101 {
			return h, nil
		}
		if h.status != 100 && x.req.Interim != nil {
			x.told = true
			x.req.Interim(h.status, h.header)
		}
	}
	return h, fmt.Errorf("%w: %d interim responses", ErrMalformed, maxInterim)
}

func (x *exchange) readHead() (head, error) {
	if _, err := x.conn.br.Peek(1); err != nil {
		return head{}, err
	}
	x.read++
	return x.conn.readHead(x.fields)
}

// respond turns the final head into a response.
func (x *exchange) respond(h *head) (*Response, error) {
	resp := &x.response
	*resp = Response{Status: h.status, HTTP10: h.http10, Sloppy: h.sloppy, Header: h.header, exchange: x}
	if h.status == 101 {
		return resp, x.upgraded(resp)
	}
	length, keep, err := h.framing(x.req.Method)
	if err != nil {
		return nil, err
	}
	x.keep = keep && !bindsConnection(x.req.Head, h)
	x.noteKeepAlive(h)
	if x.upload != nil {
		x.upload.headSeen(h.status)
	}
	ahead := x.conn.br.Buffered()
	if length < 0 || int64(ahead) < length {
		x.conn.allowReads(time.Time{})
	}
	resp.Sloppy, resp.Length, resp.ready = h.sloppy, length, ahead > 0
	x.body.begin(x, length)
	resp.Body = &x.body
	return resp, nil
}

// allowRead gives the server the request's timeout for what it is to say next.
func (x *exchange) allowRead() { x.conn.allowReads(after(time.Now(), x.req.Timeout)) }

// upgraded hands over the connection. A 101 that nobody asked for would leave
// a tunnel in the pool.
func (x *exchange) upgraded(resp *Response) error {
	if !x.req.Upgrade {
		return fmt.Errorf("%w: 101 to a request without Upgrade", ErrMalformed)
	}
	x.conn.allow(time.Time{})
	resp.Tunnel = &Tunnel{Conn: x.conn.Conn, conn: x.conn, load: x.client.load}
	x.client.load.hold()
	return nil
}

// noteKeepAlive keeps in mind how long the server keeps an idle connection.
func (x *exchange) noteKeepAlive(h *head) {
	for param := range h.header.Tokens("Keep-Alive") {
		if value, ok := strings.CutPrefix(strings.ToLower(param), "timeout="); ok {
			if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 && seconds < 1e6 {
				x.conn.limit = time.Duration(max(seconds, 1)) * time.Second
			}
		}
	}
}

// repeatable reports whether the request may be sent again: no byte of it left,
// or it is safe and the server closed the connection without a word, as servers
// do with idle ones.
func (x *exchange) repeatable(err error) bool {
	if !x.detach() || x.upload != nil {
		return false
	}
	silence := x.read == 0 && !errors.Is(err, os.ErrDeadlineExceeded)
	return x.conn.wrote == 0 || x.req.Repeat && x.req.Body == nil && silence
}

// tell has an error say what may be done about it: nothing of the request left, or
// nothing of an answer has come that anybody saw.
func (x *exchange) tell(err error) error {
	switch {
	case !x.detach(), errors.Is(err, ErrRequestBody):
		return err
	case x.upload == nil && x.conn.wrote == 0:
		return unsent{err}
	case x.told || errors.Is(err, ErrTimeout):
		return err
	}
	return unanswered{error: err, stale: x.conn.used && x.read == 0}
}

// detach keeps ctx from interrupting the connection from now on. It reports
// false if that is too late.
func (x *exchange) detach() bool {
	if x.leash != nil {
		return x.leash.release(x)
	}
	x.detaching.Do(func() { x.detached = x.unleash() })
	return x.detached
}

// interrupt ends whatever the exchange is waiting for, for good.
func (x *exchange) interrupt() { x.conn.interrupt() }

// fail ends an exchange that broke, and says why: rather what was done to the
// connection from this side than what became of it.
func (x *exchange) fail(err error) error {
	x.end(false)
	switch {
	case !x.detach():
		return readError(context.Cause(x.ctx))
	case x.upload != nil && x.upload.cut:
		return x.upload.err
	}
	return readError(err)
}

// judge tells what came of the body, once: nil if it is whole, or nobody wants more.
func (x *exchange) judge(err error) {
	if x.verdict != nil {
		x.judged.Do(func() { x.verdict(err) })
	}
}

// end gives the connection back, or closes it, exactly once. A context that
// could not be kept from interrupting the connection may still do so: then it
// is closed.
func (x *exchange) end(complete bool) {
	x.finish.Do(func() {
		defer x.client.load.Add(-1)
		detached := x.detach()
		uploaded := x.upload == nil || x.upload.end(complete)
		switch {
		case !complete || !uploaded:
			_ = x.conn.abort()
		case x.keep && detached:
			x.client.pool.put(x.conn)
		default:
			_ = x.conn.Close()
		}
	})
}
