package proxy

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/journal"
	"github.com/pollmux/pollmux/proxy/tracing"
	"github.com/pollmux/pollmux/upgrade"
	"github.com/pollmux/pollmux/upgrade/fanout"
)

// How an answer came to be, as the access log and spans have it.
const (
	answerHit       = "hit"       // from the snapshot
	answerMiss      = "miss"      // this client caused a poll, and waited for it
	answerCollapsed = "collapsed" // it waited for somebody else's
	answerStale     = "stale"     // from a snapshot that is older than it should be
	answerPass      = "pass"      // by the origin
	answerHeld      = "held"      // the client was held
	answerRefused   = "refused"   // by pollmux
)

// answerOf names how a feed's answer came to be.
func answerOf(a *feed.Answer) string {
	switch {
	case a.How == feed.Hit && a.Detail == "":
		return answerHit
	case a.How == feed.Hit:
		return answerStale
	case a.How == feed.Collapsed:
		return answerCollapsed
	}
	return answerMiss
}

// note is what is told of one request when it is over, which may be long after its
// handler: nothing of it is the request's own. Its methods may be called on nil, which
// is a request that nobody wants to hear of.
type note struct {
	entry   journal.Entry
	proxy   *Proxy // whose witness may be another by the end
	picked  bool   // it is logged whatever comes of it
	span    *tracing.Request
	pattern string // of the route

	delivered atomic.Int64 // updates, to a client that is held
}

// tell tells of a request that is answered with so many bytes of body, unless
// somebody tells of it later.
func (p *Proxy) tell(r *request, status int, bytes int) {
	if w := p.witness.Load(); w != nil && !r.told {
		p.tellTo(w, r, status, int64(bytes))
	}
}

func (p *Proxy) tellTo(w *witness, r *request, status int, bytes int64) {
	failed := status >= http.StatusInternalServerError || r.answer == answerRefused
	logged := w.access.Pick()
	var took time.Duration
	if logged || w.access.Times() || r.span.IsRecorded() || failed {
		took = time.Since(r.began)
	}
	if logged = logged || w.access.Wants(failed, took); !logged && !r.span.IsRecorded() {
		return
	}
	n := p.newNote(r)
	n.entry.Status, n.entry.Bytes, n.entry.Took = status, bytes, took
	n.write(logged)
}

// tellHandled tells of a request that its handler has answered.
func (p *Proxy) tellHandled(r *request) {
	w := p.witness.Load()
	if w == nil || r.told {
		return
	}
	bytes := r.sent
	if out := &r.ctx.Response; bytes == 0 && !out.SkipBody && !r.head.IsHead() && !out.IsBodyStream() {
		bytes = len(out.Body())
	}
	p.tellTo(w, r, r.ctx.Response.StatusCode(), int64(bytes))
}

// tellQuick tells of a poll that was answered quickly.
func (p *Proxy) tellQuick(r *request, a *feed.Answer) {
	if r.again != nil {
		p.trace(r) // by chance: what comes again is part of no trace
	}
	r.answer = answerOf(a)
	status := a.Update.Status
	if r.unchanged {
		status = http.StatusNotModified
	}
	p.tell(r, status, r.sent)
}

// tellUnparsed tells of a request that nobody could read.
func (p *Proxy) tellUnparsed(ctx *fasthttp.RequestCtx, refused *problem) {
	if p.witness.Load() == nil {
		return
	}
	r := &request{ctx: ctx, rules: p.rules.Load(), began: time.Now()}
	r.refusedFor(refused)
	p.tell(r, refused.Status, len(ctx.Response.Body()))
}

// refusedFor notes why a request is not served.
func (r *request) refusedFor(refused *problem) {
	if r.limit = refused.limit; r.answer == "" {
		r.answer = answerRefused
	}
	if r.reason == "" {
		r.reason = refused.Detail
	}
}

// cause is what the Tracer is told of a poll that the request causes.
func (r *request) cause() any {
	if r.span == nil {
		return nil
	}
	return r.span
}

// later says that the request is told of when its answer has ended, by the note that
// it returns.
func (p *Proxy) later(r *request) *note {
	w := p.witness.Load()
	if r.told = true; w == nil {
		return nil
	}
	picked := w.access.Pick()
	if !picked && !r.span.IsRecorded() && !w.access.MayWant() {
		return nil
	}
	n := p.newNote(r)
	n.picked = picked
	return n
}

// laterHeld is later for a client that is held: nothing that becomes of it makes it
// wanted.
func (p *Proxy) laterHeld(r *request, status int) *note {
	n := p.later(r)
	if n == nil || !n.picked && !n.span.IsRecorded() {
		return nil
	}
	n.entry.Held, n.entry.Status = true, status
	return n
}

// newNote copies what is told of a request.
func (p *Proxy) newNote(r *request) *note {
	if r.again != nil {
		r.head.ParseWhole(r.again)
	}
	n := &note{proxy: p, span: r.span, entry: journal.Entry{
		Began: r.began, ID: r.id(), TraceID: r.span.TraceID(), Client: p.addressOf(r),
		Method: told(r.head.Method), Host: told(r.head.Host), Path: told(r.head.Path),
		Answer: r.answer, Reason: r.reason, Limit: r.limit,
	}}
	if !r.isFromProxy() {
		n.entry.RequestID = string(said(&r.head))
	}
	if r.route == nil {
		return n
	}
	n.entry.Route, n.pattern = r.route.Name, r.route.Path.String()
	switch n.entry.Transport = r.choice.Transport.String(); {
	case r.answer == answerPass:
		n.entry.Transport, n.entry.Upstream, n.entry.Server = upgrade.Pass.String(), r.route.Upstream, r.server.Name()
	case !r.route.coalesces():
		n.entry.Transport = upgrade.Pass.String()
	}
	return n
}

// maxTold is how much is copied of what a client says: one byte more than is told, so
// that the log can say that there was more.
const maxTold = 1<<10 + 1

func told(text []byte) string { return string(text[:min(len(text), maxTold)]) }

// end tells of an answer that has ended.
func (n *note) end(status int, bytes int64) {
	if n == nil {
		return
	}
	e := &n.entry
	e.Status, e.Bytes, e.Took = status, bytes, time.Since(e.Began)
	n.write(n.picked || n.policy().Wants(status >= http.StatusInternalServerError || e.End != "", e.Took))
}

// endHeld tells of a client that was held until now.
func (n *note) endHeld() {
	if n == nil {
		return
	}
	n.entry.Took, n.entry.Delivered = time.Since(n.entry.Began), n.delivered.Load()
	n.write(n.picked)
}

// noteEnd notes why a client is held no longer. A long poll's answer depends on it.
func (n *note) noteEnd(end fanout.End) {
	if n == nil {
		return
	}
	n.entry.End = end.String()
	if n.entry.Transport == upgrade.Longpoll.String() && n.delivered.Load() == 0 {
		n.entry.Status = http.StatusNotModified
		if end != fanout.Done && end != fanout.Drained {
			n.entry.Status = statusGone
		}
	}
}

// statusGone is told of who left before there was an answer, as nginx has it.
const statusGone = 499

// anew begins another hold of the same client, which asked the same again. It is in
// no trace: nobody has read what it says.
func (n *note) anew(now time.Time) {
	if n == nil {
		return
	}
	n.span, n.entry.TraceID = nil, ""
	n.entry.Began, n.entry.ID, n.entry.End, n.entry.Status = now, string(appendNumber(nil, newNumber())), "", http.StatusOK
	n.delivered.Store(0)
}

// policy is that of the access log as it is now.
func (n *note) policy() *journal.Policy {
	if w := n.proxy.witness.Load(); w != nil {
		return w.access
	}
	return nil
}

func (n *note) write(logged bool) {
	e := &n.entry
	if logged {
		n.policy().Log(e)
	}
	n.span.End(tracing.Outcome{
		Method: e.Method, Path: e.Path, Host: e.Host, Route: e.Route, Pattern: n.pattern, Transport: e.Transport, Answer: e.Answer,
		Reason: e.Reason, ID: e.ID, Status: e.Status, Delivered: e.Delivered, Held: e.Held, End: e.End, At: e.Began.Add(e.Took),
	})
}
