package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/proxy/sock"
)

// secret is a connection to a client that speaks TLS. The handshake is done by
// whoever reads first, in the time that a request's head may take; what is read is
// what the client meant, and is looked at as on any other connection.
//
//	client ══ TLS ══► secret ──► conn ──► Follower, quick, fasthttp, engine
//
// Below is the socket, which others look at without reading from it. It is not
// given to the engine, which would write to it as it is.
type secret struct {
	*tls.Conn
	records *records
	reset   atomic.Bool // it is to be closed without a word
}

func newSecret(c net.Conn, t *tls.Config) *secret {
	r := &records{Conn: sock.New(c)}
	return &secret{Conn: tls.Server(r, t), records: r}
}

// NetConn is the socket below.
func (s *secret) NetConn() net.Conn { return s.records.Conn }

// isMidway reports whether part of a TLS record has been read: a request that is on its
// way, although neither the socket nor whoever serves it has anything of it.
func (c *conn) isMidway() bool {
	s, ok := c.Conn.(*secret)
	return ok && s.records.midway.Load()
}

// Read reads what the client has sent. Who speaks plain HTTP is told so, in plain
// HTTP.
func (s *secret) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	var odd tls.RecordHeaderError
	if err != nil && errors.As(err, &odd) && odd.Conn != nil && isMethod(odd.RecordHeader) {
		sayNotSecret(s.NetConn())
	}
	return n, err
}

// sayNotSecret answers, and reads what the client still sends: closing with unread
// bytes would reset the connection under the answer.
func sayNotSecret(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(lingerTime))
	_, err := c.Write(notSecret)
	half, ok := c.(interface{ CloseWrite() error })
	if err == nil && ok && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, lingerBytes)
	}
}

// notSecret answers a client that speaks HTTP where TLS is spoken.
var notSecret = []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nConnection: close\r\n\r\n" +
	`{"type":"about:blank","title":"Bad Request","status":400,"detail":"this port speaks TLS: ask with https:// or wss://"}` + "\n")

// isMethod reports whether a client begins as a request in plain HTTP does.
func isMethod(begin [5]byte) bool {
	switch string(begin[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET", "TRACE", "CONNE", "PRI *":
		return true
	}
	return false
}

// SetLinger sets what Close does to the socket; 0 has it reset the connection, and
// say nothing of an end.
func (s *secret) SetLinger(sec int) error {
	s.reset.Store(sec == 0)
	if socket, ok := s.NetConn().(interface{ SetLinger(int) error }); ok {
		return socket.SetLinger(sec)
	}
	return nil
}

// Close says goodbye and closes the connection.
func (s *secret) Close() error {
	if s.reset.Load() {
		return s.NetConn().Close()
	}
	return s.Conn.Close()
}

// hush has Close say no goodbye if the client would have to take something first, which
// is waited for. On an idle connection it ends nothing: the last answer was whole.
func (c *conn) hush() {
	if s, ok := c.Conn.(*secret); ok && c.isFull() {
		s.reset.Store(true)
	}
}

// rawSocket gives access to the socket of a connection, secret or not, to look at it;
// nil if it has none. The read deadline is what it was set to.
func (c *conn) rawSocket() syscall.RawConn {
	if c.settle() != nil {
		return nil
	}
	below := c.Conn
	if s, ok := below.(*secret); ok {
		below = s.NetConn()
	}
	if s, ok := below.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}
