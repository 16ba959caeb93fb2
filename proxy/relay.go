package proxy

import (
	"bufio"
	"errors"
	"io"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/origin"
)

// relayChunk is how much of an answer is in memory at once.
const relayChunk = 32 << 10

// errUploadCut: the answer is over and the request is not, so the connection
// cannot carry another.
var errUploadCut = errors.New("the origin answered without reading the whole request")

// relayBody lets fasthttp write the origin's body as it comes.
func (p *Proxy) relayBody(r *request, x *pass, resp *origin.Response) {
	out := &r.ctx.Response
	body := &relayedBody{pass: x, response: resp}
	// The client gets to see the head when there is nothing to send it with.
	out.ImmediateHeaderFlush = !resp.Ready()
	if resp.Length < 0 {
		for name := range resp.Header.Tokens("Trailer") {
			_ = out.Header.AddTrailer(name) // one that may not be is dropped
		}
		body.trailers = func() { setTrailers(&out.Header, resp) }
	}
	if resp.Uploaded() {
		x.watch.startSoon()
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
	trailers func() // called at the end; may be nil
	ended    bool
}

// Read is for when fasthttp does not use WriteTo.
func (b *relayedBody) Read(p []byte) (int, error) {
	n, err := b.response.Body.Read(p)
	if err == io.EOF {
		b.ended = true
		if b.trailers != nil {
			b.trailers()
			b.trailers = nil
		}
	}
	return n, err
}

// SupportsBodyWriteTo tells fasthttp to use WriteTo.
func (b *relayedBody) SupportsBodyWriteTo() bool { return true }

// WriteTo writes whatever has come as soon as it has. An error makes fasthttp
// close the connection without the end of the body, so that the client knows.
func (b *relayedBody) WriteTo(w io.Writer) (int64, error) {
	buf := b.pass.proxy.buffer()
	defer b.pass.proxy.buffers.Put(buf)
	bw, _ := w.(*bufio.Writer) // else fasthttp flushes each chunk
	var total int64
	for {
		n, err := b.Read(*buf)
		if n > 0 {
			written, err := w.Write((*buf)[:n])
			if total += int64(written); err != nil {
				return total, err
			}
			if bw != nil && bw.Buffered() > 0 && !b.ended {
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
	x.proxy.log.Warn("a passed answer was cut short", "error", err)
}

// Close ends the exchange, and with it what waits for the client.
func (b *relayedBody) Close() error {
	_ = b.response.Body.Close()
	b.pass.end()
	if b.response.Rejected() {
		return errUploadCut
	}
	return nil
}

// buffer returns a buffer of relayChunk bytes.
func (p *Proxy) buffer() *[]byte { return p.buffers.Get().(*[]byte) }

// relayToClose relays an answer of unknown length to a client that knows no
// chunks: it ends with the connection (RFC 9112 section 6.3), cleanly only if
// it is whole.
func (p *Proxy) relayToClose(r *request, x *pass, resp *origin.Response) {
	out := &r.ctx.Response
	out.Header.SetContentLength(-2)
	header := append([]byte(nil), out.Header.Header()...)
	x.watch.stop()
	p.takeOver(r, func(c *conn, _ []byte) {
		p.goServe(c, func() {
			again := newWatch(c, x.cancel)
			again.startSoon()
			err := p.writeRaw(c, header, resp.Body)
			again.stop()
			_ = resp.Body.Close()
			x.cancel()
			if err != nil {
				c.abort()
				return
			}
			_ = c.Close()
		})
	}, func() {
		_ = resp.Body.Close()
		x.cancel()
	})
}

// writeRaw writes a head and a body to a connection of its own.
func (p *Proxy) writeRaw(c *conn, header []byte, body io.Reader) error {
	if _, err := c.Write(header); err != nil {
		return err
	}
	buf := p.buffer()
	defer p.buffers.Put(buf)
	_, err := io.CopyBuffer(onlyWriter{c}, onlyReader{body}, *buf)
	return err
}

// onlyWriter and onlyReader keep io.CopyBuffer from finding shortcuts round the
// buffer and the timeouts.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)
