package origin

import (
	"fmt"
	"io"
	"net/http/httputil"
)

// body reads a response's body and ends its exchange.
type body struct {
	exchange *exchange
	response *Response
	frames   io.Reader // what follows, without its framing
	left     int64     // bytes missing from a body of known length
	err      error     // sticky; io.EOF after the last byte
}

func newBody(x *exchange, resp *Response, length int64) *body {
	b := &body{exchange: x, response: resp, left: length}
	switch {
	case length == 0:
		b.stop(io.EOF)
	case length > 0:
		b.frames = io.LimitReader(x.conn.br, length)
	case length == lengthChunked:
		b.frames = httputil.NewChunkedReader(x.conn.br)
	default:
		b.frames = x.conn.br
	}
	return b
}

// Read returns what has come as soon as there is any.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.frames.Read(p)
	if b.response.Length > 0 {
		if b.left -= int64(n); b.left > 0 && err == io.EOF {
			err = io.ErrUnexpectedEOF
		} else if b.left == 0 {
			err = io.EOF
		}
	}
	if err == io.EOF && b.response.Length == lengthChunked {
		err = b.readTrailer()
	}
	if err != nil {
		err = b.stop(err)
	}
	return n, err
}

// readTrailer reads the field section behind the last chunk (RFC 9112 section
// 7.1.2).
func (b *body) readTrailer() error {
	raw, err := readSection(b.exchange.conn.br, 0)
	if err != nil {
		return fmt.Errorf("trailer: %w", io.ErrUnexpectedEOF)
	}
	var h head
	if b.response.Trailer, err = h.parseFields(string(raw)); err != nil {
		return err
	}
	b.exchange.keep = b.exchange.keep && h.sloppy == ""
	return io.EOF
}

// stop ends the exchange. Only io.EOF is a whole body.
func (b *body) stop(err error) error {
	if err != io.EOF {
		err = b.exchange.cause(readError(err))
	}
	b.err = err
	b.exchange.end(err == io.EOF)
	return err
}

// Close ends the exchange wherever it stands. It is safe to call from another
// goroutine than Read's, and more than once.
func (b *body) Close() error {
	b.exchange.end(false)
	return nil
}
