package proxy

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/origin"
)

// relayChunk is how much of an answer is in memory at once.
const relayChunk = 32 << 10

// errSpent: the answer is over and the request is not, or nobody knows where it
// ended, so the connection cannot carry another.
var errSpent = errors.New("the connection cannot carry another request")

// maxWhole is how large a body may be that is relayed at once.
const maxWhole = 8 << 10

// relayWhole relays a small answer that has come already: in one write, and with
// nothing left behind that would have to be ended later.
func (x *pass) relayWhole(r *request, resp *origin.Response) bool {
	body, whole := resp.ReadWhole(x.buf[:0], maxWhole)
	if whole {
		r.ctx.Response.SetBody(body)
		x.buf = body
		x.answered()
		x.end()
		resp.Recycle()
		x.spend()
	}
	return whole
}

// relayBody lets fasthttp write the origin's body as it comes.
func (p *Proxy) relayBody(r *request, x *pass, resp *origin.Response) {
	out := &r.ctx.Response
	x.note = p.later(r)
	body := &relayedBody{pass: x, response: resp, last: out.ConnectionClose()}
	// The client gets to see the head when there is nothing to send it with.
	out.ImmediateHeaderFlush = !resp.Ready()
	if resp.Length < 0 {
		for name := range resp.Header.Tokens("Trailer") {
			_ = out.Header.AddTrailer(name) // one that may not be is dropped
		}
		body.chunked = &out.Header
	}
	x.watch.answers.Store(true)
	if resp.Uploaded() {
		x.watch.startSoon(time.Now())
	}
	out.SetBodyStream(body, int(resp.Length))
}

// setTrailers hands over the trailer fields that were announced, which fasthttp
// writes after the last chunk.
func setTrailers(out *fasthttp.ResponseHeader, resp *origin.Response) {
	for name := range resp.Header.Tokens("Trailer") {
		if resp.Trailer.Has(name) {
			out.Set(name, resp.Trailer.Get(name))
		}
	}
}

// relayedBody is a response body on its way to the client. fasthttp writes it
// after the handler has returned, and closes it.
type relayedBody struct {
	pass     *pass
	response *origin.Response
	chunked  *fasthttp.ResponseHeader // takes the trailers; nil for a body of known length
	last     bool                     // the connection ends with this answer anyway
	ended    bool
	sent     int64
}

// Read is for when fasthttp does not use WriteTo.
func (b *relayedBody) Read(p []byte) (n int, err error) {
	defer b.pass.proxy.failOn(&err)
	n, err = b.response.Body.Read(p)
	b.sent += int64(n)
	if err == io.EOF && !b.ended {
		b.ended = true
		b.pass.answered()
		if b.chunked != nil {
			setTrailers(b.chunked, b.pass.answer)
		}
	}
	return n, err
}

// SupportsBodyWriteTo tells fasthttp to use WriteTo.
func (b *relayedBody) SupportsBodyWriteTo() bool { return true }

// WriteTo writes whatever has come as soon as it has. An error makes fasthttp
// close the connection without the end of the body, so that the client knows.
func (b *relayedBody) WriteTo(w io.Writer) (total int64, err error) {
	defer b.pass.proxy.failOn(&err)
	buf := b.pass.proxy.buffer()
	defer b.pass.proxy.buffers.Put(buf)
	bw, _ := w.(*bufio.Writer) // else fasthttp flushes each chunk
	for {
		n, err := b.Read(*buf)
		if n > 0 {
			written, err := w.Write((*buf)[:n])
			if total += int64(written); err != nil {
				return total, err
			}
			if bw != nil && bw.Buffered() > 0 && (!b.ended || b.pass.spent(b.response)) {
				if err := bw.Flush(); err != nil {
					return total, err
				}
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			b.pass.failed(err)
			return total, err
		}
	}
}

// failed notes that an answer was cut off in the middle.
func (x *pass) failed(err error) {
	x.route.alarm.passFailed("a passed answer was cut short", x.id(), err)
}

// Close ends the exchange, and with it what waits for the client.
func (b *relayedBody) Close() (err error) {
	defer b.pass.proxy.failOn(&err)
	b.finish()
	if !b.pass.spent(b.response) {
		return nil
	}
	if b.ended {
		b.pass.conn.linger.Store(true)
	}
	if b.last {
		return nil
	}
	if b.ended && b.chunked != nil {
		// fasthttp drops what it has not flushed: the trailer section.
		_, _ = b.pass.conn.Write(b.chunked.TrailerHeader())
	}
	return errSpent
}

// finish ends the exchange, whatever happens.
func (b *relayedBody) finish() {
	defer b.tell()
	defer b.pass.end()
	defer b.pass.answered()
	_ = b.response.Body.Close()
}

// tell tells of the request, as far as its answer has come.
func (b *relayedBody) tell() {
	n := b.pass.note
	if b.pass.note = nil; n == nil {
		return
	}
	if !b.ended {
		n.entry.End = endCut
	}
	n.end(b.response.Status, b.sent)
}

// endCut is told of an answer that did not come to its end: its origin or its client
// is gone.
const endCut = "cut"

// buffer returns a buffer of relayChunk bytes.
func (p *Proxy) buffer() *[]byte { return p.buffers.Get().(*[]byte) }

// relayToClose relays an answer of unknown length to a client that knows no
// chunks: it ends with the connection (RFC 9112 section 6.3), cleanly only if
// it is whole.
func (p *Proxy) relayToClose(r *request, x *pass, resp *origin.Response) {
	out := &r.ctx.Response
	out.Header.SetContentLength(-2)
	header := append([]byte(nil), out.Header.Header()...)
	whole := false
	p.takeOver(r, func(c *conn, _ []byte) {
		if !whole {
			c.abort()
			return
		}
		if x.spent(resp) {
			lingerOn(c) // what is missing is of the request: the answer has to arrive
		}
		p.goServe(c, func() { _ = c.Close() })
	}, func() {})
	if resp.Uploaded() {
		x.watch.startSoon(time.Now()) // else it would keep the upload from reading
	}
	whole = p.relayNow(r, x, header, resp)
}

// relayNow relays an answer, and reports whether all of it was taken. It does so
// within the handler: what the upload reads from, fasthttp gives to somebody
// else's request as soon as the handler has returned the connection.
func (p *Proxy) relayNow(r *request, x *pass, header []byte, resp *origin.Response) bool {
	defer x.end()
	defer x.answered()
	defer func() { _ = resp.Body.Close() }() // waits for the upload
	sent, err := p.writeRaw(x.conn, header, resp.Body)
	r.sent = int(sent)
	return err == nil
}

// writeRaw writes a head and a body to a connection of its own, and returns how much
// of the body.
func (p *Proxy) writeRaw(c *conn, header []byte, body io.Reader) (sent int64, err error) {
	if _, err := c.Write(header); err != nil {
		return 0, err
	}
	buf := p.buffer()
	defer p.buffers.Put(buf)
	return io.CopyBuffer(onlyWriter{c}, onlyReader{body}, *buf)
}

// onlyWriter and onlyReader keep io.CopyBuffer from finding shortcuts round the
// buffer and the timeouts.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)
