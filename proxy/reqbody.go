package proxy

import (
	"errors"
	"io"
	"math"
	"os"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

var errBodyLimit = errors.New("the request's body is larger than limits.request_body")

// requestBody is a client's body on its way to the origin.
type requestBody struct {
	conn      *conn
	ctx       *fasthttp.RequestCtx
	from      io.Reader
	chunked   bool
	limit     int64 // 0: none
	idle      time.Duration
	again     []byte // was read already, and is read once more
	read      int64
	whole     bool        // it was read to its end
	abandoned atomic.Bool // nobody wants the rest
	tooLarge  bool
	tooSlow   bool
	waited    time.Duration  // for the client
	inHead    map[string]int // lines of the announced trailer fields in the head
}

func (p *Proxy) newRequestBody(r *request, c *conn) *requestBody {
	b := &requestBody{
		conn: c, ctx: r.ctx, from: r.ctx.RequestBodyStream(), chunked: r.head.Length < 0,
		limit: int64(r.rules.config.Limits.RequestBody), idle: r.rules.config.Timeouts.Idle, inHead: map[string]int{},
	}
	for _, name := range r.ctx.Request.Header.PeekTrailerKeys() {
		b.inHead[string(name)] = len(r.ctx.Request.Header.PeekAll(string(name)))
	}
	return b
}

// bodyRate is how many bytes per second a client has to send of a body, once it
// has been waited for as long as a connection may be idle: one that sends a byte
// now and then would keep a connection to the origin for ever. What the origin
// takes to read them does not count.
const bodyRate = 1 << 10

// Read waits for the client, for as long as a connection may be idle, and for
// less if it has been waited for too long already.
func (b *requestBody) Read(p []byte) (int, error) {
	switch {
	case len(b.again) > 0:
		n := copy(p, b.again)
		b.again = b.again[n:]
		return n, nil
	case b.whole:
		return 0, io.EOF
	}
	begin := time.Now()
	if err := b.conn.SetReadDeadline(begin.Add(b.patience())); err != nil {
		return 0, err
	}
	n, err := b.from.Read(p)
	b.waited += time.Since(begin)
	b.tooSlow = errors.Is(err, os.ErrDeadlineExceeded) && !b.abandoned.Load()
	b.read += int64(n)
	if b.limit > 0 && b.read > b.limit {
		b.tooLarge = true
		return 0, errBodyLimit
	}
	if err == io.EOF && b.chunked && b.conn.failed.Load() {
		err = io.ErrUnexpectedEOF
	}
	b.whole = err == io.EOF
	return n, err
}

// done reports, when nobody reads it any more, whether the connection can carry
// another request behind it.
func (b *requestBody) done() bool { return b == nil || b.whole }

// patience is how long the next Read may wait.
func (b *requestBody) patience() time.Duration {
	earned := time.Duration(min(b.read/bodyRate, math.MaxInt32)) * time.Second
	return min(b.idle, b.idle+earned-b.waited)
}

// abandon ends a pending Read.
func (b *requestBody) abandon() {
	b.abandoned.Store(true)
	_ = b.conn.SetReadDeadline(time.Unix(1, 0))
}

// trailer returns the trailer fields that the client announced. Those that it
// did not are dropped; none is ever merged into a head (RFC 9110 section 6.5.1).
func (b *requestBody) trailer() []byte {
	var lines []byte
	for _, name := range b.ctx.Request.Header.PeekTrailerKeys() {
		values := b.ctx.Request.Header.PeekAll(string(name))
		for _, value := range values[min(b.inHead[string(name)], len(values)):] {
			lines = appendLine(lines, name, value)
		}
	}
	return lines
}
