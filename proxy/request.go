package proxy

import (
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/observe"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/proxy/tracing"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/coding"
)

// request is one client's request while its handler runs. It is used again for
// others, and nothing of it may be kept.
type request struct {
	ctx   *fasthttp.RequestCtx // nil if fasthttp has not seen it: see quick
	conn  *conn                // that it came on, if fasthttp has not seen it
	rules *rules               // by which it is served to its end
	head  head.Head
	key   share.Key
	route *route
	now   time.Time

	// For the witness.
	began  time.Time
	number uint64           // its ID, unless it came with one; 0 until it is wanted
	span   *tracing.Request // nil if it is not traced
	again  []byte           // the request, where head is of another one that was the same
	answer string           // how it came to be
	reason string           // of its being passed on or refused
	limit  string           // that was reached
	server *origin.Server   // that answered a passed request, of several
	status int              // that was answered beside fasthttp
	sent   int              // bytes of body that were
	told   bool             // somebody tells of it later

	body      *requestBody // nil until somebody reads it
	bodyTaken bool         // somebody reads the body to its end, or has closed the connection

	collected []byte // the body of a POST that only reads, whole

	// Where clients are let in first.
	claim    claim
	unproven bool // nobody knows whether it holds, but its own poll will tell
	askFirst bool // its own poll does not tell
	scratch  []byte

	preflight bool // on a route that guards: it gets no more than what it asks for

	choice upgrade.Choice
	ask    share.Ask
	have   []byte // entity tags that the client has, nil if it does not say

	look *observe.Look // nil unless it is observed

	// Of a quick answer.
	unchanged bool          // it is a 304
	coding    coding.Coding // that was selected
	out       []byte
}

func (p *Proxy) acquire(ctx *fasthttp.RequestCtx) *request {
	r := p.requests.Get().(*request)
	*r = request{ctx: ctx, rules: p.rulesFor(clientConn(ctx.Conn())), head: r.head, key: r.key, scratch: r.scratch, now: time.Now()}
	r.began = r.now
	return r
}

// restart has the request begin again, by other rules.
func (r *request) restart(next *rules) {
	r.rules, r.route, r.now = next, nil, time.Now()
	r.claim, r.unproven, r.askFirst, r.preflight = claim{}, false, false, false
	if r.body != nil {
		r.body.again = r.collected
	}
	r.collected = nil
}

// rulesFor are those of the next request of a connection: if it was begun quickly,
// the ones that it has begun under.
func (p *Proxy) rulesFor(c *conn) *rules {
	if c != nil {
		if x := c.asked.Load(); x != nil {
			return x.rules
		}
	}
	return p.rules.Load()
}

// peer is the address of the other side of the connection.
func (r *request) peer() net.Addr {
	if r.conn != nil {
		return r.conn.RemoteAddr()
	}
	return r.ctx.RemoteAddr()
}

// scheme is that of the connection.
func (r *request) scheme() string {
	if r.speaksTLS() {
		return "https"
	}
	return "http"
}

func (r *request) speaksTLS() bool {
	c := r.conn
	if c == nil {
		c = clientConn(r.ctx.Conn())
	}
	return c != nil && c.secure
}

// isSecure reports whether the client itself speaks TLS with us: a trusted proxy says
// what its own client does.
func (r *request) isSecure() bool { return r.speaksTLS() && !r.trustsPeer() }

// writes reports whether the request may change something at the origin: by its
// method, or by what a field says that this is.
func (r *request) writes() bool {
	switch {
	case r.head.Has(head.MethodOverride):
		return true
	case !r.route.coalesces():
		return !r.head.IsSafe()
	}
	return r.route.share.Writes(&r.head)
}

func (p *Proxy) releaseRequest(r *request) {
	r.ctx, r.rules, r.route, r.body, r.collected, r.claim, r.look = nil, nil, nil, nil, nil, claim{}, nil
	r.span = nil
	p.requests.Put(r)
}
