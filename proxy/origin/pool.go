package origin

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

const (
	// maxIdle bounds the idle connections of a pool. More than that only
	// serve bursts, and a burst pays for itself.
	maxIdle = 256

	// reapTime is how often the idle connections are looked at. Servers close
	// them after a few seconds as a rule, and each holds a descriptor.
	reapTime = 10 * time.Second

	// idleTime is how long an idle connection is kept, unless the server says
	// less in Keep-Alive.
	idleTime = 90 * time.Second

	// maxAge is how long a connection is used, so that an origin that moved to
	// another address is followed.
	maxAge = 5 * time.Minute
)

// pool holds the idle connections to one server.
type pool struct {
	tls    *tls.Config // nil: plain
	dialer dialer

	mu     sync.Mutex
	idle   []*conn // the last one was used last
	reaper *time.Timer
	closed bool
}

// newPool returns an empty pool. A nil tlsConfig means the system's roots.
func newPool(server *url.URL, tlsConfig *tls.Config, names *names) *pool {
	p := &pool{dialer: dialer{
		Dialer: net.Dialer{KeepAlive: 30 * time.Second},
		names:  names, port: port(server),
	}}
	if server.Scheme == "https" {
		p.tls = tlsConfig.Clone()
		if p.tls == nil {
			p.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if p.tls.ServerName == "" {
			p.tls.ServerName = server.Hostname()
		}
	}
	return p
}

func port(server *url.URL) string {
	if port := server.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[server.Scheme]
}

// take returns an idle connection that is clean, or nil. If the whole request
// is written at once, a direct connection looks by itself, and later.
func (p *pool) take(now time.Time, whole bool) *conn {
	for {
		c := p.pop()
		if c == nil || c.usable(now) && !p.hasLeft(c) && (whole && c.direct || c.clean()) {
			return c
		}
		_ = c.Close()
	}
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle[last], p.idle = nil, p.idle[:last]
	return c
}

// usable reports whether a connection is young enough. One second less than the
// server's own limit, so as not to meet its close half-way.
func (c *conn) usable(now time.Time) bool {
	return now.Sub(c.born) < maxAge && now.Sub(c.idle) < idleTime &&
		(c.limit == 0 || now.Sub(c.idle) < c.limit-time.Second)
}

// put takes a connection back, or closes it.
func (p *pool) put(c *conn) {
	c.idle = time.Now()
	c.used = true
	if !c.rest() || c.br.Buffered() > 0 || p.hasLeft(c) || !p.push(c) {
		_ = c.Close()
	}
}

// hasLeft reports whether a connection leads to where the server is no more, as far as
// its name says.
func (p *pool) hasLeft(c *conn) bool {
	names := p.dialer.names
	moves := names.moves.Load()
	if c.moves == moves || !c.addr.IsValid() {
		return false
	}
	if !names.has(c.addr) {
		return true
	}
	c.moves = moves
	return false
}

func (p *pool) push(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle {
		return false
	}
	p.idle = append(p.idle, c)
	if p.reaper == nil {
		p.reaper = time.AfterFunc(reapTime, p.reap)
	}
	return true
}

// reap closes what cannot be used again, and comes back while anything is left.
func (p *pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, kept := time.Now(), p.idle[:0]
	p.dialer.names.refresh(now)
	for _, c := range p.idle {
		if c.usable(now) && !p.hasLeft(c) && c.clean() {
			kept = append(kept, c)
		} else {
			_ = c.Close()
		}
	}
	clear(p.idle[len(kept):])
	if p.idle, p.reaper = kept, nil; len(kept) > 0 && !p.closed {
		p.reaper = time.AfterFunc(reapTime, p.reap)
	}
}

// dial makes a connection, within ctx and a timeout; 0 is none.
func (p *pool) dial(ctx context.Context, timeout time.Duration) (*conn, error) {
	bounded := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	moves := p.dialer.names.moves.Load()
	c, err := p.connect(bounded)
	switch {
	case err == nil:
		cn := newConn(c, time.Now())
		cn.addr, cn.moves = addrOf(c), moves
		return cn, nil
	case ctx.Err() != nil:
		return nil, readError(context.Cause(ctx))
	}
	return nil, dialError(err)
}

// addrOf is where a connection leads.
func addrOf(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

func (p *pool) connect(ctx context.Context) (net.Conn, error) {
	c, err := p.dialer.dial(ctx)
	if err != nil || p.tls == nil {
		return c, err
	}
	return secure(ctx, c, p.tls)
}

// close closes the idle connections; those in use close when they come back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.reaper != nil {
		p.reaper.Stop()
		p.reaper = nil
	}
	for _, c := range p.idle {
		_ = c.Close()
	}
	p.idle = nil
}
