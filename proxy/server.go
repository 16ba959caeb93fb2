package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
)

// newServer configures fasthttp. Every default that is left alone was looked
// at.
func (p *Proxy) newServer(c *config.Config) *fasthttp.Server {
	t, l := c.Timeouts, c.Limits
	return &fasthttp.Server{
		Handler:        p.handle,
		ErrorHandler:   p.onParseError,
		ExpectHandler:  p.expect,
		HeaderReceived: p.headerReceived,
		ConnState:      p.onState,
		Logger:         quiet{},

		// A held connection is ours: it is not recycled under us.
		KeepHijackedConns: true,
		// Responses are flushed one by one, or an interim response would
		// overtake, and a poll wait behind a long poll.
		ReduceMemoryUsage: true,
		StreamRequestBody: true,

		ReadBufferSize:     int(l.RequestHeader),
		ReadTimeout:        t.Header,
		IdleTimeout:        t.Idle,
		MaxRequestBodySize: math.MaxInt,
		// The gate counts connections, also those that fasthttp gave away.
		Concurrency: math.MaxInt32,

		// What the origin says stays as it is.
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultDate:                true,
		NoDefaultContentType:         true,

		SecureErrorLogMessage: true,
		CloseOnShutdown:       true,
	}
}

// quiet drops what fasthttp logs: each is an error of a client, which has been
// answered.
type quiet struct{}

// Printf implements fasthttp.Logger.
func (quiet) Printf(string, ...any) {}

// identityLength is what fasthttp calls the length of a request that names none.
const identityLength = -2

// headerReceived gives the body its own time: timeouts.header is for the head.
// An expectation in HTTP/1.0 has to be ignored (RFC 9110 section 10.1.1), and one
// without a body is no use. Any other is one for fasthttp, which would wait for
// the body of a request that expects something else.
func (p *Proxy) headerReceived(h *fasthttp.RequestHeader) (own fasthttp.RequestConfig) {
	defer p.recovered(nil)
	switch expect := h.Peek("Expect"); {
	case len(expect) == 0:
	case !h.IsHTTP11(), h.ContentLength() == 0, h.ContentLength() == identityLength:
		h.Del("Expect")
	default:
		h.Set("Expect", "100-continue")
	}
	c := p.rules.Load().config
	own = fasthttp.RequestConfig{ReadTimeout: c.Timeouts.Idle}
	if limit := int(c.Limits.RequestBody); limit > 0 && h.ContentLength() > limit {
		// The handler, which refuses it, does not wait for more of it. Should it
		// be by other rules, this is the connection's last request all the same.
		own.MaxRequestBodySize = 1
		h.SetConnectionClose()
	}
	return own
}

// expect decides, before the body is sent, whether it is wanted. fasthttp has
// seen nothing but the head.
func (p *Proxy) expect(ctx *fasthttp.RequestCtx) (status int) {
	status = http.StatusInternalServerError // if what follows panics
	defer p.recovered(ctx.Conn())
	r := p.acquire(ctx)
	defer p.releaseRequest(r)
	refused := p.expectProblem(r)
	if refused == nil {
		return http.StatusContinue
	}
	p.refuse(r, refused.hangUp())
	p.tell(r, refused.Status, 0)
	return refused.Status
}

func (p *Proxy) expectProblem(r *request) *problem {
	if err := r.head.Parse(&r.ctx.Request.Header); err != nil {
		return problemOf(err)
	}
	if c := clientConn(r.ctx.Conn()); c != nil {
		if over := p.overProblem(r, c); over != nil {
			return over
		}
	}
	return p.place(r)
}

// Serve accepts clients until the listener is closed, by Shutdown or Close. It
// blocks.
func (p *Proxy) Serve(l net.Listener) error { return p.serveOn(newListener(l, p.gate, p.log)) }

// ServeTLS is Serve for clients that speak TLS, by a configuration that must not
// change any more.
func (p *Proxy) ServeTLS(l net.Listener, c *tls.Config) error {
	guarded := newListener(l, p.gate, p.log)
	guarded.tls = c
	return p.serveOn(guarded)
}

func (p *Proxy) serveOn(guarded *listener) error {
	p.reloading.Lock()
	first := p.servers[0]
	p.reloading.Unlock()
	guarded.elsewhere = func(c *conn) bool { return p.elsewhere(c, first) }
	p.mu.Lock()
	p.listeners[guarded] = struct{}{}
	p.mu.Unlock()
	defer p.leave(guarded)
	if p.Draining() {
		return guarded.Close()
	}
	return first.Serve(guarded)
}

// leave forgets a listener that was closed.
func (p *Proxy) leave(l *listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.listeners, l)
}

func (p *Proxy) closeListeners() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.listeners {
		_ = l.Close()
	}
}

// close ends everything that is left.
func (p *Proxy) close() {
	p.gate.hush()
	p.engine.Close()
	p.closeTunnels()
	p.register.Close()
	p.feeds.Close()
	p.reloading.Lock()
	p.ended = true
	p.rules.Load().closeBut(new(rules))
	observer := p.observer
	p.reloading.Unlock()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.gate.closeAll()
	p.serving.Wait()
	if observer != nil {
		observer.Close()
	}
}

// wait waits for f, or until ctx ends; f then goes on by itself.
func wait(ctx context.Context, f func()) {
	done := make(chan struct{})
	go func() { // ended by what f waits for, which close ends
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Ready says why the proxy should get no clients: it is stopping, or there is an
// upstream of which it has never reached a server. One that was reached once and is
// down now is no reason: there are snapshots to serve.
func (p *Proxy) Ready(ctx context.Context) error {
	if p.leaving.Load() {
		return errors.New("draining")
	}
	for name, u := range p.rules.Load().upstreams {
		if err := u.servers.Reach(ctx); err != nil {
			return fmt.Errorf("upstream %s: %w", name, err)
		}
	}
	return nil
}
