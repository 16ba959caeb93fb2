package proxy

import (
	"net"
	"sync/atomic"

	"github.com/pollmux/pollmux/proxy/sock"
)

// records is the socket of a client that speaks TLS. It belongs to whoever reads, but
// for midway.
type records struct {
	net.Conn
	read   sock.Records
	midway atomic.Bool // what was read ends within a record
}

// Read is for crypto/tls.
func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.read.Follow(p[:n])
	if midway := !r.read.Whole(); midway != r.midway.Load() {
		r.midway.Store(midway)
	}
	return n, err
}
