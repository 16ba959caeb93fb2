package origin

import (
	"context"
	"crypto/tls"
	"io"
	"net"

	"github.com/pollmux/pollmux/proxy/sock"
)

// secureConn is a TLS connection that also tells what crypto/tls keeps to
// itself: how its records lie on the wire below it.
type secureConn struct {
	*tls.Conn
	records *records
}

// secure shakes hands over c, within ctx. On an error c is closed.
func secure(ctx context.Context, c net.Conn, config *tls.Config) (*secureConn, error) {
	r := &records{Conn: c}
	s := &secureConn{Conn: tls.Client(r, config), records: r}
	if err := s.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return s, nil
}

// Read reports io.EOF only if the server said goodbye. crypto/tls lets a
// connection that ends between two records pass for a closed one, but who can
// cut the connection could so cut a body that nothing else delimits (RFC 9112
// section 9.8).
func (s *secureConn) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if err == io.EOF && s.records.ended {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// abort closes the connection without a goodbye, which could have to wait for a
// server that reads nothing.
func (s *secureConn) abort() error { return s.records.Close() }

// records is the connection below, and how the TLS records lie that are read from it.
// It belongs to whoever reads from the TLS connection above.
type records struct {
	net.Conn
	read  sock.Records
	ended bool // the connection has, whatever TLS said
}

// Read is for crypto/tls.
func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.read.Follow(p[:n])
	r.ended = r.ended || err == io.EOF
	return n, err
}

// whole reports whether what was read ends with a record: then crypto/tls holds
// no part of one, which it could not show.
func (r *records) whole() bool { return r.read.Whole() }
