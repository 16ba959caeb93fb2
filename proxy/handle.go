package proxy

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// fullRetry is what a client beyond a limit is told to wait.
const fullRetry = 10 * time.Second

// handle serves one request. fasthttp ends the process when a handler panics.
func (p *Proxy) handle(ctx *fasthttp.RequestCtx) {
	r := p.acquire(ctx)
	defer p.releaseRequest(r)
	defer func() {
		if v := recover(); v != nil {
			p.log.Error("a request was dropped", "panic", v)
			p.refuse(r, newProblem(http.StatusInternalServerError, "pollmux failed; the log says more").hangUp())
		}
	}()
	p.serve(r)
	p.settleBody(r)
}

const noRoute = "no route matches this host and path"

// serve decides what becomes of a request.
func (p *Proxy) serve(r *request) {
	if err := r.head.Parse(&r.ctx.Request.Header); err != nil {
		// Nobody knows where this request ends.
		lingerOn(r.ctx.Conn())
		p.refuse(r, problemOf(err))
		return
	}
	if r.head.Close {
		r.ctx.SetConnectionClose()
	}
	if over := p.overLimit(r); over {
		return
	}
	if string(r.head.Target) == "*" {
		r.ctx.SetStatusCode(http.StatusNoContent)
		r.ctx.Response.Header.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		return
	}
	if r.route = p.find(r.head.Host, r.head.Path); r.route == nil {
		p.refuse(r, newProblem(http.StatusNotFound, noRoute))
		return
	}
	if refused := p.checkRequest(r); refused != nil {
		p.refuse(r, refused)
		return
	}
	if !r.route.coalesces() {
		p.pass(r, "")
		return
	}
	p.coalesce(r)
}

// checkRequest applies what holds on every route.
func (p *Proxy) checkRequest(r *request) *problem {
	if limit := int64(p.config.Limits.RequestBody); limit > 0 && r.head.Length > limit {
		return tooLarge()
	}
	if r.head.Has(head.Expect) && !strings.EqualFold(string(r.head.Get(head.Expect)), "100-continue") {
		return newProblem(http.StatusExpectationFailed, "only 100-continue can be expected").hangUp()
	}
	for value := range r.head.Lookup("cdn-loop") {
		if strings.Contains(string(value), p.loopID) {
			return newProblem(http.StatusLoopDetected, "this request has been here already: an upstream leads back to this proxy")
		}
	}
	return nil
}

// refuse answers with a problem. Every answer of a coalesced route says what it
// depends on.
func (p *Proxy) refuse(r *request, refused *problem) {
	if r.route != nil && r.route.coalesces() {
		refused.with("Vary", r.route.vary())
	}
	refused.write(r.ctx)
}

// prefetched is how much of a body of known length fasthttp has read before
// the handler runs.
const prefetched = 8 << 10

// settleBody sees to it that what is left of a request's body is not taken for
// the next request.
func (p *Proxy) settleBody(r *request) {
	if r.bodyTaken || r.head.Length >= 0 && r.head.Length <= prefetched {
		return
	}
	r.ctx.SetConnectionClose()
	lingerOn(r.ctx.Conn())
}

// lingerOn makes closing a connection wait for what its client still sends.
func lingerOn(c net.Conn) {
	if c := clientConn(c); c != nil {
		c.linger.Store(true)
	}
}

// overLimit answers a client whose connection is beyond a limit: an EventSource
// so that it comes back by itself, everybody else with a status.
func (p *Proxy) overLimit(r *request) bool {
	c := clientConn(r.ctx.Conn())
	if c == nil || c.over == "" {
		return false
	}
	if p.wantsEvents(r) {
		p.sayFull(r)
		return true
	}
	status, text := http.StatusServiceUnavailable, "limits.connections is reached"
	if c.over == "connections_per_ip" {
		status, text = http.StatusTooManyRequests, "limits.connections_per_ip is reached"
	}
	p.refuse(r, newProblem(status, text).with("Vary", baseVary).after(fullRetry).hangUp())
	return true
}

func (p *Proxy) wantsEvents(r *request) bool {
	choice, ok := upgrade.Negotiate(upgrade.Wish{Accept: r.head.Joined(head.Accept)}, upgrade.Set(0).With(upgrade.SSE).With(upgrade.Poll))
	return ok && r.head.IsGet() && choice.Transport == upgrade.SSE
}

// sayFull tells an EventSource to come back later.
func (p *Proxy) sayFull(r *request) {
	vary := baseVary
	if r.route != nil {
		vary = r.route.vary()
	}
	answer := upgrade.FullEvents([]upgrade.Field{{Name: "Vary", Value: vary}, {Name: "Via", Value: via}}, r.head.HTTP10)
	p.takeOver(r, func(c *conn, _ []byte) {
		_, _ = c.Write(answer)
		_ = c.Close()
	}, func() {})
}

// onParseError answers what fasthttp could not parse.
func (p *Proxy) onParseError(ctx *fasthttp.RequestCtx, err error) {
	parseProblem(err).write(ctx)
	lingerOn(ctx.Conn())
}

// errAgain: the key has changed under a request.
var errAgain = errors.New("the key is no longer current")

// tries bounds how often a request's key is made anew.
const tries = 4

// pass sends the request on, for the given reason; "" if the route says so.
func (p *Proxy) pass(r *request, reason share.Reason) {
	r.route.account.Requested(upgrade.Pass)
	if reason != "" {
		r.route.account.Unshared(string(reason))
	}
	p.passThrough(r, reason)
}
