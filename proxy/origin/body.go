package origin

import (
	"fmt"
	"io"
)

// body reads a response's body and ends its exchange.
type body struct {
	exchange *exchange
	length   int64
	left     int64  // bytes missing from a body of known length
	chunks   chunks // of a chunked one
	err      error  // sticky; io.EOF after the last byte
}

func (b *body) begin(x *exchange, length int64) {
	b.exchange, b.length, b.left, b.chunks.br = x, length, length, x.conn.br
	if length == 0 {
		_ = b.stop(io.EOF)
	}
}

// arrived reports whether reading it to its end needs nothing that has not come
// yet. A trailer is not looked for.
func (b *body) arrived() bool {
	if b.err != nil || b.length == lengthToClose {
		return b.err == io.EOF
	}
	ahead, _ := b.exchange.conn.br.Peek(b.exchange.conn.br.Buffered())
	if b.length == lengthChunked {
		return endsChunks(ahead)
	}
	return int64(len(ahead)) >= b.left
}

// Read returns what has come as soon as there is any.
func (b *body) Read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	switch b.length {
	case lengthChunked:
		n, err = b.readChunks(p)
	case lengthToClose:
		n, err = b.exchange.conn.br.Read(p)
	default:
		n, err = b.readFixed(p)
	}
	if err != nil {
		err = b.stop(err)
	}
	return n, err
}

// readFixed does not wait for bytes that were announced for longer than the
// request's timeout. What has no length may be a stream, which says nothing for
// as long as it likes; so may a server that has not got the whole request.
func (b *body) readFixed(p []byte) (int, error) {
	x := b.exchange
	switch {
	case x.conn.br.Buffered() > 0:
	case x.upload != nil:
		x.upload.expect()
	default:
		x.allowRead()
	}
	n, err := x.conn.br.Read(p[:min(int64(len(p)), b.left)])
	if b.left -= int64(n); b.left == 0 {
		return n, io.EOF
	}
	return n, noEOF(err)
}

func (b *body) readChunks(p []byte) (int, error) {
	n, err := b.chunks.Read(p)
	if err != io.EOF {
		return n, err
	}
	if n > 0 && b.exchange.conn.br.Buffered() < len("\r\n") {
		return n, nil // the data does not wait for the trailer
	}
	return n, b.readTrailer()
}

// readTrailer reads the field section behind the last chunk (RFC 9112 section
// 7.1.2).
func (b *body) readTrailer() error {
	section, err := b.exchange.conn.readSection(0)
	if err != nil {
		return fmt.Errorf("trailer: %w", noEOF(err))
	}
	var h head
	if b.exchange.response.Trailer, err = h.parseFields(nil, section); err != nil {
		return err
	}
	b.exchange.keep = b.exchange.keep && h.sloppy == ""
	return io.EOF
}

// stop ends the exchange. Only io.EOF is a whole body.
func (b *body) stop(err error) error {
	b.err = err
	if err == io.EOF {
		b.exchange.end(true)
		b.exchange.judge(nil)
	} else {
		b.err = b.exchange.fail(err)
		b.exchange.judge(b.err)
	}
	return b.err
}

// Close ends the exchange wherever it stands. It is safe to call from another
// goroutine than Read's, and more than once.
func (b *body) Close() error {
	b.exchange.end(false)
	b.exchange.judge(nil)
	return nil
}

// noEOF makes an early end an error that says so.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
