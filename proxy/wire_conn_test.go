package proxy

import (
	"crypto/tls"
	"net"
)

// wire is a client's connection, plain or not, that can end in the ways that a TCP
// connection can.
type wire interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// secretWire is one that speaks TLS.
type secretWire struct {
	*tls.Conn
	reset bool
}

// dialSecret connects as a client that trusts whom the configuration says.
func dialSecret(addr string, trust *tls.Config) (net.Conn, error) {
	c, err := tls.Dial("tcp", addr, trust)
	if err != nil {
		return nil, err
	}
	return &secretWire{Conn: c}, nil
}

// SetLinger is that of the socket: with 0 it is closed without a word.
func (w *secretWire) SetLinger(sec int) error {
	w.reset = sec == 0
	return w.NetConn().(*net.TCPConn).SetLinger(sec)
}

// Close implements net.Conn.
func (w *secretWire) Close() error {
	if w.reset {
		return w.NetConn().Close()
	}
	return w.Conn.Close()
}
