package proxy

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/config"
	"github.com/pollmux/pollmux/proxy/explain"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// Explain says what would become of a request, and why, by what decides that in
// handle. It asks the origin nothing, and changes nothing. Its error is a question
// that cannot be meant, and says what to write.
func (p *Proxy) Explain(ctx context.Context, q explain.Question) (*explain.Explanation, error) {
	raw, err := q.Raw()
	if err != nil {
		return nil, err
	}
	x := &explaining{proxy: p, live: q.Live, ctx: ctx, said: &explain.Explanation{Routes: []explain.Candidate{}}}
	var asked fasthttp.RequestCtx
	asked.Init2(absent{from: q.From}, quiet{}, true)
	x.request = p.acquire(&asked)
	defer p.releaseRequest(x.request)
	if err := asked.Request.Header.Read(bufio.NewReaderSize(bytes.NewReader(raw), int(x.request.rules.config.Limits.RequestHeader))); err != nil {
		x.refused(parseProblem(err))
		return x.said, nil
	}
	x.explain()
	return x.said, nil
}

// absent is the connection of a request that nobody has sent.
type absent struct {
	net.Conn
	from netip.Addr
}

// RemoteAddr implements net.Conn.
func (a absent) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.from, 0)) }

// explaining is one request's way through what decides.
type explaining struct {
	proxy   *Proxy
	request *request
	live    bool
	ctx     context.Context
	said    *explain.Explanation
}

// explain goes where serve would.
func (x *explaining) explain() {
	p, r := x.proxy, x.request
	if err := r.head.Parse(&r.ctx.Request.Header); err != nil {
		x.refused(problemOf(err))
		return
	}
	x.said.Request = explain.Request{Method: string(r.head.Method), Host: string(r.head.Host), Target: string(share.HideQuery(r.head.Target))}
	if isForUs(&r.head) {
		x.said.Outcome = explain.Outcome{Is: explain.Answered, Status: http.StatusNoContent, Why: "it asks what pollmux itself can do"}
		return
	}
	refused := p.place(r)
	x.candidates()
	switch rt := r.route; {
	case refused != nil:
		x.refused(refused)
	case rt.Mode == config.ModePass:
		x.route()
		x.said.Outcome = explain.Outcome{Is: explain.Passed, Why: "the route says so (mode: pass)"}
	default:
		x.route()
		x.said.Route.Share = string(rt.Share)
		x.coalesce()
		if rt.observed != nil {
			x.observe()
		}
	}
}

func (x *explaining) refused(refused *problem) {
	x.said.Outcome = explain.Outcome{Is: explain.Refused, Status: refused.Status, Why: refused.Detail}
}

// passed says that a request goes to the origin on its own.
func (x *explaining) passed(reason share.Reason) {
	x.said.Outcome = explain.Outcome{Is: explain.Passed, Reason: reason, Why: reason.Sentence()}
}

// observe says what a route does that only looks on.
func (x *explaining) observe() {
	o := &x.said.Outcome
	would := o.Is
	if o.Status != 0 {
		would += " with " + strconv.Itoa(o.Status)
	}
	*o = explain.Outcome{Is: explain.Observed, Reason: o.Reason, Why: "it passes through and is compared (mode: observe); with mode: coalesce it would be " + would + ": " + o.Why}
}

// coalesce goes where the function of that name would, as far as nothing has to be
// asked.
func (x *explaining) coalesce() {
	p, r := x.proxy, x.request
	if r.route.isPreflight(&r.head) {
		x.passed(share.ReasonMethod)
		x.said.Outcome.Why = "a preflight says nothing of who asks: it passes, and of its answer only what is for browsers comes back"
		return
	}
	guarded := r.route.guards()
	if guarded {
		p.claimByPath(r)
	}
	refused, reason := p.unfit(r)
	if refused == nil && reason == "" {
		x.imagineBody()
		refused, reason = p.choose(r)
	}
	switch {
	case refused != nil:
		x.refused(refused)
		return
	case reason != "":
		x.passed(reason)
		return
	}
	x.transport()
	r.route.share.Make(&r.key, &r.head, r.ask)
	account := r.key.Account(&r.head, r.ask, p.agent, p.trail)
	x.said.Parts = &account
	if r.key.Lacks() {
		x.refused(lacksCredentials())
		return
	}
	if r.route.checksResource() {
		p.claimByResource(r)
	}
	x.sharing()
	x.schedule()
	x.said.Outcome = explain.Outcome{Is: explain.Coalesced, Why: x.outcome()}
	if x.live {
		x.feed()
	}
}

// imagineBody stands in for a body that is part of the key, which nobody has given.
func (x *explaining) imagineBody() {
	if n := x.request.head.Length; n > 0 && n <= share.MaxBody {
		x.request.collected = make([]byte, n)
	}
}

// outcome is how a poll answers a client.
func (x *explaining) outcome() string {
	t := x.request.choice.Transport
	switch {
	case t == upgrade.Poll && x.request.head.IsHead():
		return "answered from the snapshot that there is; a HEAD causes no poll, and passes where there is none"
	case t == upgrade.Poll:
		return "answered from one poll for all with its key, at most once per interval"
	}
	return "held: it is told of each change that one poll for all with its key finds"
}

// feed says what there is for the key now.
func (x *explaining) feed() {
	p, r := x.proxy, x.request
	if r.head.IsPost() {
		x.said.Feed = &explain.Feed{Now: "which feed it is depends on the body, which is not asked about"}
		return
	}
	f := p.feeds.Get(r.key.Bytes())
	x.said.Feed = &explain.Feed{}
	if f != nil {
		ctx, cancel := context.WithTimeout(x.ctx, time.Second)
		defer cancel()
		if o, ok := f.Outlook(ctx); ok {
			x.said.Feed.Exists, x.said.Feed.Outlook = true, &o
		}
	}
	reason := share.Reason("")
	switch o := x.said.Feed.Outlook; {
	case r.route.guards() && p.isRefused(r):
		reason = reasonRefused
	case o != nil && o.Alone != "":
		reason = share.Reason(o.Alone)
	case r.choice.Transport == upgrade.WebSocket && p.isKnownToBeNone(r):
		reason = noSnapshot
	case o == nil && r.choice.Transport == upgrade.Poll && r.key.Withheld() && r.route.doubt.wouldPass(r.now):
		reason = reasonDoubt
	}
	if reason != "" && r.choice.Transport == upgrade.Poll {
		x.passed(reason)
	}
	x.said.Feed.Now = x.now(reason)
}
