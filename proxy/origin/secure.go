package origin

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
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

// records follows the TLS records (RFC 8446 section 5.1) that are read from a
// connection. It belongs to whoever reads from the TLS connection above.
type records struct {
	net.Conn
	header [5]byte // of the record under way
	got    int     // bytes of the header
	left   int     // bytes of the record behind its header
	ended  bool    // the connection has, whatever TLS said
}

// Read is for crypto/tls.
func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.follow(p[:n])
	r.ended = r.ended || err == io.EOF
	return n, err
}

func (r *records) follow(p []byte) {
	for len(p) > 0 {
		if r.got == len(r.header) {
			n := min(r.left, len(p))
			p, r.left = p[n:], r.left-n
		} else {
			n := copy(r.header[r.got:], p)
			p, r.got = p[n:], r.got+n
			r.left = int(binary.BigEndian.Uint16(r.header[3:]))
		}
		if r.got == len(r.header) && r.left == 0 {
			r.got = 0
		}
	}
}

// whole reports whether what was read ends with a record: then crypto/tls holds
// no part of one, which it could not show.
func (r *records) whole() bool { return r.got == 0 }
