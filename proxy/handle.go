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
			p.panicked("a request was dropped", v, "id", r.id())
			p.refuse(r, newProblem(http.StatusInternalServerError, "pollmux failed; the log says more").hangUp())
			p.tell(r, http.StatusInternalServerError, 0)
		}
	}()
	p.serve(r)
	p.settleBody(r)
	p.tellHandled(r)
	c := clientConn(ctx.Conn())
	if c != nil {
		c.dropAsked()
	}
	if c != nil && !ctx.Hijacked() && !ctx.Response.IsBodyStream() {
		p.vacate(c) // before its client knows the answer, and asks again
	}
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
	p.trace(r)
	if p.Draining() && !r.head.Upgrade {
		r.head.Close = true // as if the client had asked for it
	}
	if r.head.Close {
		r.ctx.SetConnectionClose()
	}
	if over := p.overLimit(r); over {
		return
	}
	if isForUs(&r.head) {
		r.ctx.SetStatusCode(http.StatusNoContent)
		r.ctx.Response.Header.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		return
	}
	for !p.direct(r) {
		r.restart(p.rules.Load())
	}
}

// direct serves a request by its route. It returns false, and has done nothing that its
// client or its origin could know of, if it has to begin again by other rules: each time
// there have to be new ones, so this ends.
func (p *Proxy) direct(r *request) bool {
	if refused := p.place(r); refused != nil {
		p.refuse(r, refused)
		return true
	}
	if r.route.coalesces() {
		return p.coalesce(r)
	}
	p.observe(r)
	p.pass(r, "")
	return true
}

// isForUs reports whether a request asks what pollmux itself can do.
func isForUs(h *head.Head) bool { return string(h.Target) == "*" || isLastHop(h) }

// place finds the request's route, and says what there is against the request on any.
func (p *Proxy) place(r *request) *problem {
	if r.route = r.rules.routeOf(&r.head); r.route == nil {
		return newProblem(http.StatusNotFound, noRoute)
	}
	return p.checkRequest(r)
}

// checkRequest applies what holds on every route.
func (p *Proxy) checkRequest(r *request) *problem {
	if limit := int64(r.rules.config.Limits.RequestBody); limit > 0 && r.head.Length > limit {
		return tooLarge()
	}
	if r.head.Has(head.Expect) && !strings.EqualFold(string(r.head.Joined(head.Expect)), "100-continue") {
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
	p.count(refused)
	r.refusedFor(refused)
	refused.write(r.ctx)
}

// count counts the limit that a refusal is about.
func (p *Proxy) count(refused *problem) {
	if refused.limit != "" {
		p.ledger.LimitHit(refused.limit)
	}
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
	endConnection(r)
}

// endConnection ends it with the answer: what still comes of the request's body
// must not be taken for the next request.
func endConnection(r *request) {
	r.ctx.SetConnectionClose()
	lingerOn(r.ctx.Conn())
}

// lingerOn makes closing a connection wait for what its client still sends.
func lingerOn(c net.Conn) {
	if c := clientConn(c); c != nil {
		c.linger.Store(true)
	}
}

// overLimit answers a client that is beyond a limit: an EventSource so that it
// comes back by itself, everybody else with a status.
func (p *Proxy) overLimit(r *request) bool {
	c := clientConn(r.ctx.Conn())
	if c == nil {
		return false
	}
	if c.isEvicted() {
		r.ctx.SetConnectionClose() // nobody hears the answer
		return true
	}
	c.used.Store(int64(r.now.Sub(p.gate.epoch)))
	refused := p.overProblem(r, c)
	switch {
	case refused == nil:
		return false
	case p.wantsEvents(r):
		p.count(refused)
		r.refusedFor(refused)
		p.sayFull(r)
	default:
		p.refuse(r, refused.with("Vary", baseVary))
	}
	return true
}

// overProblem says which limit a client is beyond, or nil. One that is behind a
// trusted proxy does not lose that proxy its connection.
func (p *Proxy) overProblem(r *request, c *conn) *problem {
	switch {
	case c.over == limitConnections:
		return newProblem(http.StatusServiceUnavailable, "limits.connections is reached").after(fullRetry).hangUp()
	case c.over != "":
		return newProblem(http.StatusTooManyRequests, "limits.connections_per_ip is reached").after(fullRetry).hangUp()
	case !p.occupy(r, c):
		return newProblem(http.StatusTooManyRequests, "limits.connections_per_ip is reached").over(limitConnectionsPerIP).after(fullRetry)
	}
	return nil
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
	if r.answer == "" {
		r.answer = answerRefused
	}
	answer := upgrade.FullEvents([]upgrade.Field{{Name: "Vary", Value: vary}, {Name: "Via", Value: via}}, r.head.HTTP10)
	p.takeOver(r, func(c *conn, _ []byte) {
		_, _ = c.Write(answer)
		_ = c.Close()
	}, func() {})
}

// onParseError answers what fasthttp could not parse.
func (p *Proxy) onParseError(ctx *fasthttp.RequestCtx, err error) {
	defer p.recovered(ctx.Conn())
	c := clientConn(ctx.Conn())
	if c != nil && c.state.Load() == connIdle {
		// Nothing was asked: an answer now would be taken for that to the
		// next request.
		_ = c.Close()
		return
	}
	refused := parseProblem(err)
	p.count(refused)
	refused.write(ctx)
	lingerOn(ctx.Conn())
	p.tellUnparsed(ctx, refused)
}

// errAgain: the key has changed under a request.
var errAgain = errors.New("the key is no longer current")

// tries bounds how often a request's key is made anew.
const tries = 4

// unshared counts why a request is not answered from a poll.
func (p *Proxy) unshared(r *request, reason share.Reason) {
	if reason != "" {
		r.route.account.Unshared(string(reason))
	}
	switch reason {
	case share.ReasonTooLarge:
		p.ledger.LimitHit(limitSnapshot)
	case share.ReasonNoStore:
		r.route.hint.noStore(p.log, r)
	}
}

// pass sends the request on, for the given reason; "" if the route says so.
func (p *Proxy) pass(r *request, reason share.Reason) {
	r.route.account.Requested(upgrade.Pass)
	p.unshared(r, reason)
	r.answer, r.reason = answerPass, string(reason)
	p.passThrough(r, reason)
}
