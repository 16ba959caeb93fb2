package proxy

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/pollmux/pollmux/config"
)

const (
	// acceptPause is how long to wait after the system ran out of something;
	// it doubles up to acceptPauseMax.
	acceptPause    = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// gate counts the open connections of clients, in all and per address. Its
// methods may be called concurrently.
type gate struct {
	total, perIP int // limits; 0: none
	timeout      time.Duration
	hit          func(limit string)

	mu    sync.Mutex
	conns map[*conn]struct{}
	peers map[netip.Addr]int
}

func newGate(limits config.Limits, writeTimeout time.Duration, hit func(string)) *gate {
	return &gate{total: limits.Connections, perIP: limits.ConnectionsPerIP, timeout: writeTimeout, hit: hit, conns: map[*conn]struct{}{}, peers: map[netip.Addr]int{}}
}

// admit wraps a new connection, which may be beyond a limit (conn.over); nil
// means that there are too many of those as well.
func (g *gate) admit(c net.Conn) *conn {
	peer := peerOf(c.RemoteAddr())
	g.mu.Lock()
	defer g.mu.Unlock()
	over := g.overLocked(peer, 0)
	if over != "" {
		g.hit(over)
		if g.overLocked(peer, 1) != "" {
			return nil
		}
	}
	admitted := &conn{Conn: c, writeTimeout: g.timeout, over: over}
	admitted.release = func() { g.leave(admitted, peer) }
	g.conns[admitted] = struct{}{}
	g.peers[peer]++
	return admitted
}

// overLocked names the limit that one more connection is beyond, with the
// overflow added to it so many times.
func (g *gate) overLocked(peer netip.Addr, overflows int) string {
	switch {
	case g.total > 0 && len(g.conns) >= g.total+overflows*overflow(g.total):
		return "connections"
	case g.perIP > 0 && g.peers[peer] >= g.perIP+overflows*overflow(g.perIP):
		return "connections_per_ip"
	}
	return ""
}

// overflow is how many connections beyond a limit are taken, to be told so in a
// way that their client understands.
func overflow(limit int) int { return max(16, limit/10) }

func (g *gate) leave(c *conn, peer netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if g.peers[peer]--; g.peers[peer] == 0 {
		delete(g.peers, peer)
	}
}

// closeAll ends what is open. A client whose answer has no other end than that of
// the connection must not take this for it.
func (g *gate) closeAll() {
	g.mu.Lock()
	open := slices.Collect(maps.Keys(g.conns))
	g.mu.Unlock()
	for _, c := range open {
		c.abort()
	}
}

// peerOf is what counts as one peer: an address, or the /64 that an IPv6 client
// can choose its address from.
func peerOf(addr net.Addr) netip.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return ip
}

// listener accepts connections through the gate, and survives the system's
// running out of descriptors or memory: fasthttp would stop serving.
type listener struct {
	net.Listener
	gate *gate
	log  *slog.Logger
	done chan struct{} // closed with the listener
	once sync.Once
}

func newListener(l net.Listener, g *gate, log *slog.Logger) *listener {
	return &listener{Listener: l, gate: g, log: log, done: make(chan struct{})}
}

// Accept returns the next connection; io.EOF after Close.
func (l *listener) Accept() (net.Conn, error) {
	pause := acceptPause
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			if admitted := l.gate.admit(c); admitted != nil {
				return admitted, nil
			}
			_ = c.Close()
			continue
		case !isShortage(err):
			return nil, io.EOF
		}
		l.log.Warn("cannot accept connections; raise the limit on open files", "error", err, "retry_in", pause)
		select {
		case <-time.After(pause):
		case <-l.done:
			return nil, io.EOF
		}
		pause = min(2*pause, acceptPauseMax)
	}
}

// Close stops accepting.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// isShortage reports whether accepting may work again later.
func isShortage(err error) bool {
	for _, shortage := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, shortage) {
			return true
		}
	}
	return false
}
