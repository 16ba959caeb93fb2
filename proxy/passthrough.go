package proxy

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pollmux/pollmux/proxy/feed"
	"github.com/pollmux/pollmux/proxy/head"
	"github.com/pollmux/pollmux/proxy/origin"
	"github.com/pollmux/pollmux/proxy/share"
	"github.com/pollmux/pollmux/upgrade"
)

// passThrough sends the client's own request to the origin, once, and relays
// the answer. Neither body is collected.
func (p *Proxy) passThrough(r *request, reason share.Reason) {
	r.route.account.Passed()
	if r.head.IsWebSocket() && r.head.IsGet() && r.head.Length == 0 && !r.head.Close {
		p.passUpgrade(r, reason)
		return
	}
	pass, resp, err := p.asked(r)
	r.observeAnswer(resp)
	if err != nil {
		pass.end()
		p.passFailed(r, pass.body, err)
		return
	}
	if r.preflight {
		resp.Header = preflightFields(resp.Header)
	}
	p.noteWrite(r, resp)
	if reason != reasonRefused { // which is no news
		p.noteLogout(r, resp)
	}
	if r.writes() && !(resp.Uploaded() && resp.Whole()) {
		pass.over = p.noteAgain(r, resp)
	}
	p.relay(r, pass, resp, reason)
}

// noteAgain returns what notes a write once more when its answer is over, since
// an origin may answer first and write then. By that time r is another's: it has
// a request of its own, valid as long as fasthttp's, until the answer was written.
func (p *Proxy) noteAgain(r *request, resp *origin.Response) func() {
	again := &request{ctx: r.ctx, rules: r.rules, route: r.route, now: r.now}
	if again.head.Parse(&r.ctx.Request.Header) != nil {
		return nil // cannot be: it was parsed before
	}
	return func() { p.noteWrite(again, resp) }
}

// passFailed answers when there is no response. The origin may have got the
// request all the same.
func (p *Proxy) passFailed(r *request, body *requestBody, err error) {
	r.route.account.PassFailed()
	r.route.alarm.passFailed("a passed request failed", r.id(), err)
	if !origin.Unsent(err) && !errors.Is(err, origin.ErrRequestBody) {
		p.noteWrite(r, nil) // else no whole request can have come to the origin
	}
	refused := problemOf(err)
	switch {
	case body == nil:
	case body.tooLarge:
		refused = tooLarge()
	case body.tooSlow:
		refused = tooSlow()
	}
	if !body.done() {
		// What is left of it must not be taken for the next request.
		refused.hangUp()
		lingerOn(r.ctx.Conn())
	}
	p.refuse(r, refused)
}

// appendPassed writes the head of a passed request: what the client sent, field
// by field, without what was meant for this hop, and with what a proxy adds.
func (p *Proxy) appendPassed(b []byte, r *request, upgrading bool) []byte {
	h := &r.head
	b = append(append(append(b, h.Method...), ' '), h.Target...)
	b = append(r.route.upstream.appendHost(append(b, " HTTP/1.1\r\nHost: "...), h), "\r\n"...)
	named := false
	for i := range h.Fields {
		f := &h.Fields[i]
		if passes(h, f) && (r.span == nil || traceField(f) == "") {
			b = appendLine(b, f.Name, r.passed(f))
			named = named || isRequestID(f)
		}
	}
	if !named {
		b = append(appendNumber(append(b, requestIDField+": "...), r.ownID()), "\r\n"...)
	}
	if r.span != nil {
		b = r.span.AppendFields(b)
	}
	b = p.appendForwarding(b, h, p.peerOf(r))
	switch {
	case upgrading:
		b = append(b, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case h.Length < 0:
		b = append(appendTrailerNames(b, h), "Transfer-Encoding: chunked\r\n"...)
	case h.Has(head.ContentLength):
		b = append(strconv.AppendInt(append(b, "Content-Length: "...), h.Length, 10), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// passes reports whether a client's field goes to the origin.
func passes(h *head.Head, f *head.Field) bool {
	switch f.Is {
	case head.Host, head.ContentLength, head.TransferEncoding, head.Connection, head.HopByHop, head.Upgrade, head.Expect:
		return false
	}
	return !h.Nominated(f.Name) && !replacesField(f) && !isMaxForwards(h, f)
}

// appendTrailerNames announces the trailer fields that the client announced.
func appendTrailerNames(b []byte, h *head.Head) []byte {
	for value := range h.Lookup("trailer") {
		b = append(append(append(b, "Trailer: "...), value...), "\r\n"...)
	}
	return b
}

// appendHost appends the Host that the origin is sent.
func (u *upstream) appendHost(b []byte, h *head.Head) []byte {
	switch {
	case u.host != "":
		return append(b, u.host...)
	case len(h.Host) > 0:
		return append(b, h.Host...)
	}
	return append(b, u.Servers[0].Host...)
}

// relay answers with the origin's response.
func (p *Proxy) relay(r *request, x *pass, resp *origin.Response, reason share.Reason) {
	if x.answer == nil {
		x.answer = resp
	}
	p.relayHead(r, resp, reason)
	if x.spent(resp) {
		// The origin did not want the rest of the body, so it is still
		// coming; or nobody knows where it ended.
		endConnection(r)
	}
	// RFC 9110 section 15.3.6: nobody may send a body with a 205, and some read
	// none. What an origin sends with one ends here.
	noBody := r.head.IsHead() || r.preflight || resp.Length == 0 || resp.Status == http.StatusResetContent
	switch {
	case noBody:
		_ = resp.Body.Close()
		x.end()
		x.spend()
	case x.relayWhole(r, resp):
	default:
		x.leave = p.endWith(p.passTenure(r), x.cancel)
		if r.head.HTTP10 && resp.Length < 0 {
			p.relayToClose(r, x, resp)
			return
		}
		p.relayBody(r, x, resp)
	}
}

// relayHead copies status and fields. Repeated lines stay as they are.
func (p *Proxy) relayHead(r *request, resp *origin.Response, reason share.Reason) {
	out := &r.ctx.Response
	out.SetStatusCode(resp.Status)
	out.Header.DisableNormalizing() // names stay as the origin spells them
	for _, f := range resp.Header {
		if f.Name != "Date" && !isHopField(resp.Header, f.Name) && !r.route.overrides(f.Name) {
			out.Header.Add(f.Name, f.Value)
		}
	}
	upgrade.SetDate(&out.Header, dateOf(resp))
	p.addFields(&out.Header, r, resp, reason)
	if r.head.IsHead() || resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified {
		out.SkipBody = true
		if n, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && r.head.IsHead() {
			out.Header.SetContentLength(n)
		}
	}
}

// dateOf is when the origin answered; if it does not say, now (RFC 9110 section
// 6.6.1).
func dateOf(resp *origin.Response) string {
	if date := resp.Header.Get("Date"); date != "" {
		return date
	}
	return time.Now().UTC().Format(http.TimeFormat)
}

// addFields adds what a passed answer says besides the origin's own fields.
func (p *Proxy) addFields(out *fasthttp.ResponseHeader, r *request, resp *origin.Response, reason share.Reason) {
	out.Add("Via", viaOf(resp.HTTP10))
	if !r.route.coalesces() {
		return
	}
	if r.route.overrides("Cache-Control") {
		out.Add("Cache-Control", feed.ForOneClient)
	}
	status := "pollmux; fwd=bypass; detail=" + string(reason)
	if reason == share.ReasonMethod {
		status = "pollmux; fwd=method"
	}
	out.Add("Cache-Status", status)
	out.Add("Vary", r.route.vary())
}

// isHopField reports whether a response field is not for the client: it is
// about the connection to the origin, or Connection says so.
func isHopField(h origin.Header, name string) bool {
	for _, hop := range hopFields {
		if len(name) == len(hop) && strings.EqualFold(name, hop) {
			return true
		}
	}
	return h.HasToken("Connection", name)
}

var hopFields = [...]string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding",
	"Upgrade", "Content-Length", "HTTP2-Settings"}

// passKept relays the response to a poll that this client caused and that is
// for nobody else. Nothing more is sent to the origin.
func (p *Proxy) passKept(r *request, a feed.Answer) {
	r.route.account.Requested(upgrade.Pass)
	p.unshared(r, a.Alone)
	r.answer, r.reason = answerPass, string(a.Alone)
	x := p.newPass(r, func() { _ = a.Kept.Close() })
	p.noteKeptLogout(r, a.Kept.Response)
	resp := *a.Kept.Response
	resp.Body, x.answer = a.Kept, a.Kept.Response
	p.relay(r, x, &resp, a.Alone)
}
