package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
)

// What fasthttp is told of a configuration it is told once. So other timeouts and
// another limit on heads are another server's, which gets the connections that are
// accepted from then on; a connection keeps those that it began with. The first server
// goes on accepting for all of them, as listeners do not change hands.

// serveAs has connections to come served as a configuration says. p.reloading is held.
func (p *Proxy) serveAs(c *config.Config) {
	next := p.newServer(c)
	p.dropServers()
	for _, s := range p.servers {
		if s.ReadBufferSize == next.ReadBufferSize && s.ReadTimeout == next.ReadTimeout && s.IdleTimeout == next.IdleTimeout {
			p.server.Store(s)
			return
		}
	}
	if len(p.servers) > 0 {
		_ = next.Serve(atEnd{}) // or it would not take part in a shutdown
	}
	p.servers = append(p.servers, next)
	p.server.Store(next)
}

// dropServers forgets those that nobody comes to any more, and that nobody is left at.
func (p *Proxy) dropServers() {
	used := p.servers[:0]
	for i, s := range p.servers {
		if i == 0 || s == p.server.Load() || s.GetOpenConnectionsCount() > 0 {
			used = append(used, s)
		}
	}
	clear(p.servers[len(used):])
	p.servers = used
}

// atEnd is a listener at its end.
type atEnd struct{ net.Listener }

// Accept returns io.EOF.
func (atEnd) Accept() (net.Conn, error) { return nil, io.EOF }

// Close does nothing.
func (atEnd) Close() error { return nil }

// elsewhere takes a connection that was accepted for the first server, if another one is
// to have it.
func (p *Proxy) elsewhere(c *conn, first *fasthttp.Server) bool {
	s := p.server.Load()
	if s == first {
		return false
	}
	p.goServe(c, func() { _ = s.ServeConn(c) })
	return true
}

// shutdownServers waits for requests under way, on all connections, until ctx ends.
func (p *Proxy) shutdownServers(ctx context.Context) error {
	p.reloading.Lock()
	servers := slices.Clone(p.servers)
	p.reloading.Unlock()
	failures := make([]error, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() {
			if err := s.ShutdownWithContext(ctx); !errors.Is(err, net.ErrClosed) { // the listeners, which were closed before
				failures[i] = err
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}
