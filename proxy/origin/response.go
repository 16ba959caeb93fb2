package origin

import (
	"io"
	"net"
	"slices"
	"sync/atomic"
)

// Response is an answer whose body has not been read yet.
type Response struct {
	Status int
	HTTP10 bool
	Header Header

	// Sloppy says what RFC 9112 lets a recipient mend in the head; "" if
	// nothing. Such an answer may be relayed, and must not be shared.
	Sloppy string

	// Length of the body, negative if only its end will tell.
	Length int64

	// Trailer is complete once Body has returned io.EOF.
	Trailer Header

	// Body ends with io.EOF only if the whole body came. It must be closed;
	// nil after a 101.
	Body io.ReadCloser

	// Tunnel is the connection after a 101; otherwise nil.
	Tunnel *Tunnel

	// From is the server that answered, nil if the group has only one.
	From *Server

	// Spared says that the server wants to be left alone, and that others can be
	// asked meanwhile.
	Spared bool

	exchange *exchange
	ready    bool
}

// Detach takes the response out of the context that Do was given, so that it
// can be handed to somebody else. It reports false if that context has ended.
func (r *Response) Detach() bool {
	r.exchange.judge(nil) // what comes of the rest is between the two
	return r.exchange.detach()
}

// Ready reports whether some of the body came with the head.
func (r *Response) Ready() bool { return r.ready }

// Whole reports whether all of the body came with the head. It is valid until
// Body is read from.
func (r *Response) Whole() bool { return r.exchange.body.arrived() }

// ReadWhole appends the body to b if all of it, and no more than most bytes, came
// with the head, and nobody reads it or writes the request any more. With that the
// exchange is over. Otherwise it reports false, and nothing has changed.
func (r *Response) ReadWhole(b []byte, most int64) ([]byte, bool) {
	own, ok := r.Body.(*body)
	if !ok || r.Length < 0 || r.Length > most || r.exchange.upload != nil || own.left != r.Length || !own.arrived() {
		return b, false
	}
	b = slices.Grow(b, int(r.Length))
	n, err := io.ReadFull(own, b[len(b):len(b)+int(r.Length)])
	return b[:len(b)+n], err == nil
}

// discard ends the exchange. What has come is read, which leaves the connection usable;
// what has not would cost time that is somebody else's.
func (r *Response) discard() {
	if r.Whole() {
		_, _ = io.CopyN(io.Discard, r.Body, maxHead)
	}
	_ = r.Body.Close()
}

// Recycle gives back what an exchange was made of, to be used for another, if
// that is safe: it is over, and a [Leash] was all that could have interrupted it,
// which was not pulled, as whoever pulls it may be about to.
// Nothing of the response may be used afterwards, by anybody, but the texts that
// were in its head.
func (r *Response) Recycle() {
	x := r.exchange
	if x == nil || &x.response != r || x.leash == nil || x.upload != nil || x.body.err != io.EOF || !x.detach() {
		return
	}
	client, fields := x.client, r.Header[:0]
	clear(r.Header)
	*x = exchange{fields: fields}
	client.spare.Put(x)
}

// Uploaded reports whether nobody reads the request's body any more.
func (r *Response) Uploaded() bool {
	return r.exchange.upload == nil || r.exchange.upload.isDone()
}

// Rejected reports whether the request's body was not read to its end: the
// server answered without wanting the rest. Before the response's body has been
// closed this may still change.
func (r *Response) Rejected() bool {
	u := r.exchange.upload
	return u != nil && u.isDone() && u.err != nil
}

// Tunnel is the connection of an upgraded exchange. Whoever has it closes it.
type Tunnel struct {
	net.Conn
	conn   *conn
	load   *load
	closed atomic.Bool
}

// Read returns what came glued to the 101 first.
func (t *Tunnel) Read(p []byte) (int, error) { return t.conn.br.Read(p) }

// Close does not wait for a server that reads nothing. For a goodbye under TLS,
// there is CloseWrite.
func (t *Tunnel) Close() error {
	if !t.closed.Swap(true) {
		t.load.held.Add(-1)
	}
	return t.conn.abort()
}

// CloseWrite tells the server that nothing more will come.
func (t *Tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return t.Close()
}
